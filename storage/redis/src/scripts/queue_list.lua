-- KEYS: names, records. ARGV: lowest name as a range, limit. Returns name and record of each.
local names = redis.call('ZRANGEBYLEX', KEYS[1], ARGV[1], '+', 'LIMIT', 0, ARGV[2])
if #names == 0 then return {} end
local records, out = redis.call('HMGET', KEYS[2], unpack(names)), {}
for i, name in ipairs(names) do
  out[2 * i - 1], out[2 * i] = name, records[i]
end
return out
