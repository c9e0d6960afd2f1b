-- ARGV: now. Returns when the oldest entry was posted that is open or leased, '' if there is none.
local places, oldest = call('ZRANGE', L, 0, STEP - 1), math.huge
places[#places + 1] = call('ZRANGE', A, 0, 0)[1]
for _, place in ipairs(places) do
  local head = call('HGET', O, 's' .. place) or call('HGET', O, place)
  if head then oldest = math.min(oldest, (read('>d', head, 2))) end
end
-- The first post behind what was leased that is not only kept for followers.
local from, seen = text('(%.0f', leased_up_to()), 0
while seen < STEP do
  local page = call('ZRANGEBYSCORE', P, from, '+inf', 'LIMIT', seen, 1)
  if #page == 0 then break end
  local head = call('HGET', O, page[1])
  if head and sub(head, 34, 34) == 'o' then
    oldest = math.min(oldest, (read('>d', head, 2)))
    break
  end
  seen = seen + 1
end
if oldest == math.huge then
  call('ZREM', OPEN, Q)
  return ''
end
call('ZADD', OPEN, oldest, Q)
return text('%.0f', oldest)
