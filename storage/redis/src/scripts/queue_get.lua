-- KEYS: records, places. ARGV: name, queue.
-- Returns the record and, if the queue has a place, its pool.
local record = redis.call('HGET', KEYS[1], ARGV[1])
if not record then return false end
local pool = redis.call('HGET', KEYS[2], ARGV[2])
if not pool then return {record} end
return {record, pool}
