-- ARGV: the messages. Returns id, record and body of each that is stored, ended or not.
local fields, out = {}, {0}
for i, id in ipairs(ARGV) do fields[2 * i - 1], fields[2 * i] = id, 'b' .. id end
local have = fetch(fields)
for i, id in ipairs(ARGV) do
  local record, body = have[2 * i - 1], have[2 * i]
  if record and body then
    local n = #out
    out[n + 1], out[n + 2], out[n + 3] = id, record, body
  end
end
return out
