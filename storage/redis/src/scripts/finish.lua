-- ARGV: the messages.
local fields = {}
for i, id in ipairs(ARGV) do fields[i] = 't' .. id end
write('ZREM', T, ARGV)
write('HDEL', Q, fields)
if call('EXISTS', T) == 0 then call('SREM', MOVES, Q) end
return 0
