-- KEYS: layout, places, how many places each pool has. ARGV: queue, pool.
local places, counts = KEYS[2], KEYS[3]
if redis.call('HGET', places, ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('HDEL', places, ARGV[1])
if redis.call('HINCRBY', counts, ARGV[2], -1) <= 0 then redis.call('HDEL', counts, ARGV[2]) end
return 1
