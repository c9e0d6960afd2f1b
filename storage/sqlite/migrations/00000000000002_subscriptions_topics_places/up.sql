PRAGMA user_version = 2;

-- Topics: kind is 0 for a queue, 1 for a topic.
CREATE TABLE record_by_kind (
    project BLOB NOT NULL,
    kind INTEGER NOT NULL,
    name BLOB NOT NULL,
    generation INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    metadata BLOB NOT NULL,
    PRIMARY KEY (project, kind, name)
);
INSERT INTO record_by_kind (project, kind, name, generation, revision, metadata)
    SELECT project, 0, name, generation, revision, metadata FROM record;
DROP TABLE record;
ALTER TABLE record_by_kind RENAME TO record;

ALTER TABLE queue ADD COLUMN kind INTEGER NOT NULL DEFAULT 0;
DROP INDEX queue_name;
CREATE UNIQUE INDEX queue_name ON queue (project, kind, name);

ALTER TABLE transfer ADD COLUMN target_kind INTEGER NOT NULL DEFAULT 0;

-- Subscriptions belong to the row of their queue, not to a log: they survive its deletion.
CREATE TABLE subscription (
    key INTEGER PRIMARY KEY,
    queue INTEGER NOT NULL,
    id BLOB NOT NULL,
    subscriber BLOB NOT NULL,
    ttl INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    confirmed INTEGER NOT NULL,
    options BLOB NOT NULL
);
CREATE UNIQUE INDEX subscription_id ON subscription (queue, id);
CREATE UNIQUE INDEX subscription_subscriber ON subscription (queue, subscriber);
CREATE INDEX subscription_expiry ON subscription (expires_at);

-- Pools and flavors: one document.
CREATE TABLE layout (
    key INTEGER PRIMARY KEY CHECK (key = 1),
    revision INTEGER NOT NULL,
    text BLOB NOT NULL
);
INSERT INTO layout (key, revision, text) VALUES (1, 0, X'');

-- The catalogue: the pool of each queue and topic.
CREATE TABLE place (
    project BLOB NOT NULL,
    kind INTEGER NOT NULL,
    name BLOB NOT NULL,
    pool BLOB NOT NULL,
    PRIMARY KEY (project, kind, name)
) WITHOUT ROWID;
CREATE INDEX place_pool ON place (pool);
