PRAGMA user_version = 3;

-- Subscriptions: followers read the outbox themselves; state is 0 active, 1 paused, 2 disabled.
ALTER TABLE subscription ADD COLUMN follower INTEGER NOT NULL DEFAULT 0;
ALTER TABLE subscription ADD COLUMN state INTEGER NOT NULL DEFAULT 0;
CREATE INDEX subscription_told ON subscription (queue, expires_at) WHERE follower = 0;
CREATE INDEX subscription_worker ON subscription (queue, id) WHERE follower = 0;

-- Until when a post has to be told to somebody, or kept for followers; and since when, or from when
-- on, workers find something to lease: of the same time, the lower turn comes first.
ALTER TABLE queue ADD COLUMN told_until INTEGER NOT NULL DEFAULT 0;
ALTER TABLE queue ADD COLUMN followed_until INTEGER NOT NULL DEFAULT 0;
ALTER TABLE queue ADD COLUMN work_at INTEGER;
ALTER TABLE queue ADD COLUMN work_turn INTEGER NOT NULL DEFAULT 0;
CREATE INDEX queue_work ON queue (work_at, work_turn) WHERE work_at IS NOT NULL;
UPDATE queue SET told_until = coalesce(
    (SELECT max(s.expires_at) FROM subscription s WHERE s.queue = queue.key AND s.follower = 0), 0);

-- What changes comes first and keeps its size, so that a lease overwrites a few bytes in place:
-- open is 1 until a worker has finished the entry; lease_until is 1099511627776 for a free one, and
-- counts on from there; lease and done_to are 16 bytes, all 0 for none.
CREATE TABLE outbox (
    key INTEGER PRIMARY KEY,
    open INTEGER NOT NULL,
    lease_until INTEGER NOT NULL,
    lease BLOB NOT NULL,
    done_to BLOB NOT NULL,
    deliveries INTEGER NOT NULL,
    log INTEGER NOT NULL,
    marker INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    subscription BLOB,
    posted_at INTEGER NOT NULL,
    client BLOB NOT NULL,
    count INTEGER NOT NULL,
    messages BLOB NOT NULL
);
CREATE UNIQUE INDEX outbox_place ON outbox (log, marker);
CREATE INDEX outbox_open ON outbox (log, lease_until, marker) WHERE open = 1;
CREATE INDEX outbox_age ON outbox (posted_at, log) WHERE open = 1;
CREATE INDEX outbox_kept ON outbox (posted_at) WHERE open = 0 AND deliveries = 0;

-- What could not be told at once. Under a lease, due_at is when that ends; a parked one has none.
CREATE TABLE delivery (
    key INTEGER PRIMARY KEY,
    due_at INTEGER,
    lease BLOB,
    attempts INTEGER NOT NULL,
    entry INTEGER NOT NULL,
    log INTEGER NOT NULL,
    subscription BLOB NOT NULL,
    marker INTEGER NOT NULL,
    place INTEGER NOT NULL,
    ends_at INTEGER NOT NULL
);
CREATE UNIQUE INDEX delivery_of ON delivery (log, subscription, marker, place);
CREATE INDEX delivery_due ON delivery (log, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX delivery_age ON delivery (due_at, log) WHERE due_at IS NOT NULL;
CREATE INDEX delivery_leased ON delivery (log) WHERE lease IS NOT NULL;
CREATE INDEX delivery_parked ON delivery (log, subscription) WHERE due_at IS NULL;
CREATE INDEX delivery_parked_end ON delivery (ends_at) WHERE due_at IS NULL;

-- The newest attempts of each subscription; numbers follow each other.
CREATE TABLE attempt (
    subscription INTEGER NOT NULL,
    number INTEGER NOT NULL,
    record BLOB NOT NULL,
    PRIMARY KEY (subscription, number)
) WITHOUT ROWID;

-- Subscriptions that are gone and whose attempts wait for collection.
CREATE TABLE dead_subscription (
    key INTEGER PRIMARY KEY
);
CREATE TRIGGER subscription_gone AFTER DELETE ON subscription
WHEN EXISTS (SELECT 1 FROM attempt WHERE subscription = OLD.key)
BEGIN
    INSERT OR IGNORE INTO dead_subscription (key) VALUES (OLD.key);
END;
