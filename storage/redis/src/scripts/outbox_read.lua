-- ARGV: now, after this place, limit, most bytes. Returns the place to continue from or -1 at the end, then place,
-- head and messages of each.
local now, limit, room = tonumber(ARGV[1]), tonumber(ARGV[3]), tonumber(ARGV[4])
local out, found, seen, after = {0, -1}, 0, 0, ARGV[2]
while true do
  -- Page by page, so that no more bodies are read than fit.
  local want = math.min(limit - found, 16)
  local places, fields = call('ZRANGEBYSCORE', P, '(' .. after, '+inf', 'LIMIT', 0, want), {}
  for i, place in ipairs(places) do fields[2 * i - 1], fields[2 * i] = place, 's' .. place end
  local values = #places > 0 and fetch(fields) or {}
  for i, place in ipairs(places) do
    local value, state = values[2 * i - 1], values[2 * i]
    after = place
    local is_kept = value and sub(state or value, 34, 34) == 'k'
    if value and not (is_kept and read('>d', value, 2) + 60000 <= now) then
      local count, messages = read('>I4', value, 10), {}
      out[#out + 1] = place
      out[#out + 1] = sub(value, 1, 34)
      for index = 0, count - 2 do messages[index + 1] = field_of(place, count, index) end
      for _, message in ipairs(count > 1 and fetch(messages) or {}) do out[#out + 1] = message or '' end
      out[#out + 1] = value
      found, room = found + 1, room - read('>I4', value, 14)
    end
    if room <= 0 or found == limit then return out end
  end
  seen = seen + #places
  if #places < want then return out end
  if seen >= STEP then
    out[2] = tonumber(after)
    return out
  end
end
