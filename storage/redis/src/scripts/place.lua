-- KEYS: layout, places, how many places each pool has. ARGV: queue, pool, revision.
-- Returns the pool of the queue, or -1 at another revision.
local layout, places, counts = unpack(KEYS)
local pool = redis.call('HGET', places, ARGV[1])
if pool then return pool end
if (redis.call('HGET', layout, 'revision') or '0') ~= ARGV[3] then return -1 end
redis.call('HSET', places, ARGV[1], ARGV[2])
redis.call('HINCRBY', counts, ARGV[2], 1)
return ARGV[2]
