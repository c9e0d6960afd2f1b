-- ARGV: claim. An ended claim may go as well: its messages are free.
local claim = ARGV[1]
local list = call('HGET', Q, 'k' .. claim)
if not list then return 0 end
local ids = {}
for at = 25, #list, 16 do ids[#ids + 1] = string.sub(list, at, at + 15) end
release(ids, C)
call('HDEL', Q, 'k' .. claim)
call('ZREM', K, claim)
return 0
