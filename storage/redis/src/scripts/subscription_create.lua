-- ARGV: now, id, subscriber, record. Returns 0 if it is created, or was before; else 1 if the
-- subscriber has one that is not confirmed, 2 if one that is, and its id.
local now, id, subscriber = tonumber(ARGV[1]), ARGV[2], ARGV[3]
local known, record = of_subscriber(subscriber, now)
if known then
  local confirmed = is_confirmed(record)
  if known == id and not confirmed then return 0 end
  return {confirmed and 2 or 1, known}
end
if live(id, now) then return 0 end
make_room(subscriber)
drop(id)
put(id, ARGV[4])
tell(now)
return 0
