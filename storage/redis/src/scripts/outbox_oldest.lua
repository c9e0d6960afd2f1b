-- ARGV: now. Returns when the oldest entry was posted that is open or leased, '' if there is none.
local places, oldest = call('ZRANGE', L, 0, STEP - 1), math.huge
places[#places + 1] = call('ZRANGE', A, 0, 0)[1]
for _, entry in ipairs(#places > 0 and fetch(places) or {}) do
  if entry then oldest = math.min(oldest, (read('>d', entry, 2))) end
end
if oldest == math.huge then
  call('ZREM', OPEN, Q)
  return ''
end
call('ZADD', OPEN, oldest, Q)
return text('%.0f', oldest)
