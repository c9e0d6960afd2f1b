-- ARGV: now, id, whether confirmed. Returns 1, or 0 if there is none.
local record = live(ARGV[2], tonumber(ARGV[1]))
if not record then return 0 end
local flags = string.byte(record, 9)
call('HSET', S, 'i' .. ARGV[2], with_flags(record, flags - flags % 2 + tonumber(ARGV[3])))
return 1
