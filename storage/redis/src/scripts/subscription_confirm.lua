-- ARGV: now, id, one byte: whether confirmed. Returns 1, or 0 if there is none.
local record = live(ARGV[2], tonumber(ARGV[1]))
if not record then return 0 end
call('HSET', S, 'i' .. ARGV[2], string.sub(record, 1, 8) .. ARGV[3] .. string.sub(record, 10))
return 1
