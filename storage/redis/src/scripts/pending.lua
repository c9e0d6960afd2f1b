-- ARGV: limit. Returns id and transfer of the oldest.
local ids = call('ZRANGE', T, 0, tonumber(ARGV[1]) - 1)
local fields, out = {}, {0}
for i, id in ipairs(ids) do fields[i] = 't' .. id end
local have = #fields > 0 and fetch(fields) or {}
for i, id in ipairs(ids) do
  out[2 * i], out[2 * i + 1] = id, have[i]
end
return out
