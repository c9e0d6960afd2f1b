-- ARGV: lowest id as a range, limit. Returns id and record of each, ended or not.
local ids = call('ZRANGEBYLEX', I, ARGV[1], '+', 'LIMIT', 0, ARGV[2])
if #ids == 0 then return {} end
local fields, out = {}, {}
for i, id in ipairs(ids) do fields[i] = 'i' .. id end
for i, record in ipairs(call('HMGET', S, unpack(fields))) do
  out[2 * i - 1], out[2 * i] = ids[i], record
end
return out
