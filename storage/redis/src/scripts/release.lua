-- KEYS: layout, places, how many places each pool has, records. ARGV: queue, pool, name.
-- A queue that has a record keeps its place.
local places, counts = KEYS[2], KEYS[3]
if redis.call('HEXISTS', KEYS[4], ARGV[3]) == 1 then return 0 end
if redis.call('HGET', places, ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('HDEL', places, ARGV[1])
if redis.call('HINCRBY', counts, ARGV[2], -1) <= 0 then redis.call('HDEL', counts, ARGV[2]) end
return 1
