-- ARGV: now, kind, the one subscription, bytes, then the messages as they stand in O.
local count = #ARGV - 4
local last, fields = call('HINCRBY', Q, 'n', count), {}
local place = place_of(last)
for i = 1, count do
  fields[2 * i - 1], fields[2 * i] = message_of(place, count, i - 1), ARGV[4 + i]
end
fields[#fields + 1] = place
fields[#fields + 1] = pack('>BdI4I4', tonumber(ARGV[2]), tonumber(ARGV[1]), count, tonumber(ARGV[4])) .. ARGV[3]
  .. 'o\0\0\0\0' .. NOBODY .. NOBODY
write('HSET', O, fields)
call('ZADD', A, place, place)
call('ZADD', WORK, 'LT', ARGV[1], Q)
call('ZADD', OPEN, 'NX', ARGV[1], Q)
redis.pcall('PUBLISH', 'sk:posts', Q)
return 0
