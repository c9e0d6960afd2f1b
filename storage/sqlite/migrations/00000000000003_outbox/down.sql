DROP TRIGGER subscription_gone;
DROP TABLE dead_subscription;
DROP TABLE attempt;
DROP TABLE delivery;
DROP TABLE outbox;

DROP INDEX queue_work;
ALTER TABLE queue DROP COLUMN work_turn;
ALTER TABLE queue DROP COLUMN work_at;
ALTER TABLE queue DROP COLUMN followed_until;
ALTER TABLE queue DROP COLUMN told_until;

DELETE FROM subscription WHERE follower <> 0;
DROP INDEX subscription_worker;
DROP INDEX subscription_told;
ALTER TABLE subscription DROP COLUMN state;
ALTER TABLE subscription DROP COLUMN follower;

PRAGMA user_version = 2;
