-- KEYS: names, records, places. ARGV: name, generation, queue, pool; an empty pool is not asked for.
if ARGV[4] ~= '' and redis.call('HGET', KEYS[3], ARGV[3]) ~= ARGV[4] then return 0 end
local old = redis.call('HGET', KEYS[2], ARGV[1])
if not old or struct.unpack('>d', old, 9) >= tonumber(ARGV[2]) then return 0 end
redis.call('HDEL', KEYS[2], ARGV[1])
redis.call('ZREM', KEYS[1], ARGV[1])
return 1
