PRAGMA application_id = 1398098763;
PRAGMA user_version = 1;

-- Queue records: the control role.
CREATE TABLE record (
    project BLOB NOT NULL,
    name BLOB NOT NULL,
    generation INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    metadata BLOB NOT NULL,
    PRIMARY KEY (project, name)
);

-- Numbers that never fall.
CREATE TABLE counter (
    name TEXT NOT NULL PRIMARY KEY,
    value INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO counter (name, value) VALUES ('revision', 0);

-- Every queue that was ever posted to or deleted. A deletion gives it another log.
CREATE TABLE queue (
    key INTEGER PRIMARY KEY,
    project BLOB NOT NULL,
    name BLOB NOT NULL,
    log INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    sealed INTEGER NOT NULL,
    next_marker INTEGER NOT NULL
);
CREATE UNIQUE INDEX queue_name ON queue (project, name);
CREATE UNIQUE INDEX queue_log ON queue (log);

-- Logs of deleted generations, waiting for collection.
CREATE TABLE dead_log (
    log INTEGER PRIMARY KEY
);

-- What changes comes first and keeps its size, so that a claim overwrites a few bytes in place
-- however long the body is: state is 2 free, 3 delayed, 4 claimed; claim is 4294967296 for none.
CREATE TABLE message (
    seq INTEGER PRIMARY KEY,
    state INTEGER NOT NULL,
    claim INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    ttl INTEGER NOT NULL,
    claim_count INTEGER NOT NULL,
    log INTEGER NOT NULL,
    marker INTEGER NOT NULL,
    id BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    delay_until INTEGER,
    client BLOB NOT NULL,
    format INTEGER NOT NULL,
    crc INTEGER NOT NULL,
    checksum TEXT,
    attributes BLOB NOT NULL,
    body BLOB NOT NULL
);
CREATE UNIQUE INDEX message_id ON message (id, log);
CREATE INDEX message_place ON message (log, state, marker, expires_at);
CREATE INDEX message_expiry ON message (expires_at);
CREATE INDEX message_claim ON message (claim) WHERE claim > 4294967296;
CREATE INDEX message_due ON message (log, delay_until) WHERE state = 3;

CREATE TABLE claim (
    key INTEGER PRIMARY KEY,
    log INTEGER NOT NULL,
    id BLOB NOT NULL,
    ttl INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
);
CREATE UNIQUE INDEX claim_id ON claim (id, log);
CREATE INDEX claim_due ON claim (log, expires_at);
CREATE INDEX claim_expiry ON claim (expires_at);

-- Messages that left their queue and wait for the mover.
CREATE TABLE transfer (
    key INTEGER PRIMARY KEY,
    log INTEGER NOT NULL,
    target_project BLOB NOT NULL,
    target_name BLOB NOT NULL,
    id BLOB NOT NULL,
    ttl INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    client BLOB NOT NULL,
    format INTEGER NOT NULL,
    crc INTEGER NOT NULL,
    checksum TEXT,
    attributes BLOB NOT NULL,
    body BLOB NOT NULL
);
CREATE UNIQUE INDEX transfer_id ON transfer (id, log);
CREATE INDEX transfer_log ON transfer (log);

-- Ids of received transfers, until they are settled.
CREATE TABLE received (
    queue INTEGER NOT NULL,
    id BLOB NOT NULL,
    received_at INTEGER NOT NULL,
    PRIMARY KEY (queue, id)
) WITHOUT ROWID;
CREATE INDEX received_age ON received (received_at);
