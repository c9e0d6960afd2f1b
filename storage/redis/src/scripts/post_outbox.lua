-- The queue has subscriptions: the same step adds an entry to the outbox.
local O, P, place = Q .. ':o', Q .. ':op', string.format('%.0f', last)
local fields, bytes = {}, 0
for i = 1, count do
  local at = 4 * i - 1
  local body = set[at + 3]
  bytes = bytes + body_size(body, 1)
  local field, head = place, ''
  if i == count then
    head = pack('>BdI4I4', 0, now, count, bytes) .. string.rep('\0', 16) .. (is_told and 'o' or 'k')
  else
    field = 'm' .. string.format('%.0f', last - count + i)
  end
  fields[2 * i - 1], fields[2 * i] = field, head .. set[at] .. string.sub(set[at + 1], 10, 25) .. body
end
write('HSET', O, fields)
call('ZADD', P, place, place)
if is_told then
  call('ZADD', 'sk:work', 'LT', now, Q)
  call('ZADD', 'sk:open', 'NX', now, Q)
else
  call('ZADD', Q .. ':og', now + 60000, place)
  call('ZADD', 'sk:kept', 'LT', now + 60000, Q)
end
-- A hint: what forbids it does not forbid the post.
redis.pcall('PUBLISH', 'sk:posts', Q)
return {0, 1}
