-- KEYS: names, records, last revision. ARGV: name, revision, metadata.
local old = redis.call('HGET', KEYS[2], ARGV[1])
if not old then return -1 end
local revision, generation = struct.unpack('>dd', old)
if revision ~= tonumber(ARGV[2]) then return -2 end
revision = redis.call('INCR', KEYS[3])
redis.call('HSET', KEYS[2], ARGV[1], struct.pack('>dd', revision, generation) .. ARGV[3])
return revision
