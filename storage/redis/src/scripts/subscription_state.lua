-- ARGV: now, id, state. Returns 1, or 0 if there is none.
local record = live(ARGV[2], tonumber(ARGV[1]))
if not record then return 0 end
call('HSET', S, 'i' .. ARGV[2], with_flags(record, string.byte(record, 9) % 4 + 4 * tonumber(ARGV[3])))
return 1
