-- ARGV: lowest id as a range, limit, 1 if followers too. Returns id and record of each, ended or not.
local function page(key) return call('ZRANGEBYLEX', key, ARGV[1], '+', 'LIMIT', 0, ARGV[2]) end

-- Compares bytes: how Lua compares strings depends on the locale of the server.
local function is_before(a, b)
  for i = 1, math.min(#a, #b) do
    local x, y = string.byte(a, i), string.byte(b, i)
    if x ~= y then return x < y end
  end
  return #a < #b
end

local ids, followers = page(I), ARGV[3] == '1' and page(J) or {}
for _, id in ipairs(followers) do ids[#ids + 1] = id end
if #followers > 0 then table.sort(ids, is_before) end
local count = math.min(#ids, tonumber(ARGV[2]))
if count == 0 then return {} end
local fields, out = {}, {}
for i = 1, count do fields[i] = 'i' .. ids[i] end
for i, record in ipairs(call('HMGET', S, unpack(fields))) do
  out[2 * i - 1], out[2 * i] = ids[i], record
end
return out
