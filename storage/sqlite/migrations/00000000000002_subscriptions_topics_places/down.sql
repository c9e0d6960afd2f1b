DROP TABLE place;
DROP TABLE layout;
DROP TABLE subscription;

ALTER TABLE transfer DROP COLUMN target_kind;

DELETE FROM message WHERE log IN (SELECT log FROM queue WHERE kind <> 0);
DELETE FROM transfer WHERE log IN (SELECT log FROM queue WHERE kind <> 0);
DELETE FROM received WHERE queue IN (SELECT key FROM queue WHERE kind <> 0);
DELETE FROM queue WHERE kind <> 0;
DROP INDEX queue_name;
ALTER TABLE queue DROP COLUMN kind;
CREATE UNIQUE INDEX queue_name ON queue (project, name);

CREATE TABLE record_by_name (
    project BLOB NOT NULL,
    name BLOB NOT NULL,
    generation INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    metadata BLOB NOT NULL,
    PRIMARY KEY (project, name)
);
INSERT INTO record_by_name (project, name, generation, revision, metadata)
    SELECT project, name, generation, revision, metadata FROM record WHERE kind = 0;
DROP TABLE record;
ALTER TABLE record_by_name RENAME TO record;

PRAGMA user_version = 1;
