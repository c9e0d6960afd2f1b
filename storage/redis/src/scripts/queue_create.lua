-- KEYS: names, records, last revision, places. ARGV: name, generation, metadata, queue, pool.
-- Returns whether the record was created, or -1 if the queue does not lie in the pool; an empty one is not asked for.
-- One counter for all records, so that a record made anew never has a revision of an old one.
if ARGV[5] ~= '' and redis.call('HGET', KEYS[4], ARGV[4]) ~= ARGV[5] then return -1 end
local old = redis.call('HGET', KEYS[2], ARGV[1])
if old and struct.unpack('>d', old, 9) >= tonumber(ARGV[2]) then return 0 end
local revision = redis.call('INCR', KEYS[3])
redis.call('HSET', KEYS[2], ARGV[1], struct.pack('>dd', revision, tonumber(ARGV[2])) .. ARGV[3])
redis.call('ZADD', KEYS[1], 0, ARGV[1])
return 1
