-- ARGV: now, after this place, limit, most bytes. Returns the place to continue from or -1 at the end, then place,
-- entry and messages of each.
local now, limit, room = tonumber(ARGV[1]), tonumber(ARGV[3]), tonumber(ARGV[4])
local out, found, seen, after = {0, -1}, 0, 0, ARGV[2]
while true do
  local want = math.min(limit - found, 100)
  local places = call('ZRANGEBYSCORE', P, '(' .. after, '+inf', 'LIMIT', 0, want)
  local entries = #places > 0 and fetch(places) or {}
  for i, place in ipairs(places) do
    local entry, fields = entries[i], {}
    after = place
    local is_kept = entry and sub(entry, 34, 34) == 'k'
    if entry and not (is_kept and read('>d', entry, 2) + 60000 <= now) then
      local n, count = #out, read('>I4', entry, 10)
      out[n + 1], out[n + 2] = place, entry
      for index = 1, count do fields[index] = message_of(place, count, index - 1) end
      for index, message in ipairs(fetch(fields)) do out[n + 2 + index] = message or '' end
      found, room = found + 1, room - read('>I4', entry, 14)
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
