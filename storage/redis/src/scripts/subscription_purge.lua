-- ARGV: limit. Returns 1 if any is left.
for _, id in ipairs(call('ZRANGE', I, 0, tonumber(ARGV[1]) - 1)) do drop(id) end
if call('EXISTS', L) == 1 then return 1 end
call('ZREM', ENDS, Q)
return 0
