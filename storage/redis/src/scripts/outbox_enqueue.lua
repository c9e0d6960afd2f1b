-- ARGV: now, kind, the one subscription, bytes, then the messages as they stand in O.
local count = #ARGV - 4
local last, fields = call('HINCRBY', Q, 'n', count), {}
local place = place_of(last)
local first = pack('>BdI4I4', tonumber(ARGV[2]), tonumber(ARGV[1]), count, tonumber(ARGV[4])) .. ARGV[3] .. 'o'
for i = 1, count do
  fields[2 * i - 1] = field_of(place, count, i - 1)
  fields[2 * i] = i == count and first .. ARGV[4 + i] or ARGV[4 + i]
end
write('HSET', O, fields)
call('ZADD', A, place, place)
call('ZADD', WORK, 'LT', ARGV[1], Q)
call('ZADD', OPEN, 'NX', ARGV[1], Q)
redis.pcall('PUBLISH', 'sk:posts', Q)
return 0
