DROP TABLE received;
DROP TABLE transfer;
DROP TABLE claim;
DROP TABLE message;
DROP TABLE dead_log;
DROP TABLE queue;
DROP TABLE counter;
DROP TABLE record;
PRAGMA user_version = 0;
