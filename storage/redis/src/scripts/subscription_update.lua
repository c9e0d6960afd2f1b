-- ARGV: now, id, then in pairs of '1' or '' and the value what is to be changed: subscriber with its
-- length before it, expiry, ttl, options. Returns 1, 0 if there is none, -1 if the subscriber is taken.
local now, id = tonumber(ARGV[1]), ARGV[2]
local record = live(id, now)
if not record then return 0 end
local old = subscriber_of(record)
local options = string.sub(record, 30 + #old)
local subscriber, length = old, string.sub(record, 26, 29)
if ARGV[3] == '1' then
  length, subscriber = string.sub(ARGV[4], 1, 4), string.sub(ARGV[4], 5)
  local known = of_subscriber(subscriber, now)
  if known and known ~= id then return -1 end
  if not known then make_room(subscriber) end
end
local expires = ARGV[5] == '1' and ARGV[6] or string.sub(record, 1, 8)
local ttl = ARGV[5] == '1' and ARGV[7] or string.sub(record, 18, 25)
if ARGV[8] == '1' then options = ARGV[9] end
local flags = string.byte(record, 9)
if subscriber ~= old then
  call('HDEL', S, 'u' .. old)
  flags = 0 -- The new subscriber has not agreed, is active, and no follower.
  call('ZREM', J, id)
  call('ZREM', H, id)
end
put(id, expires .. string.char(flags) .. string.sub(record, 10, 17) .. ttl .. length .. subscriber .. options)
tell(now)
return 1
