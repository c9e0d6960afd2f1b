-- ARGV: now, claim.
local list = call('HGET', Q, 'k' .. ARGV[2])
if not list or read('>d', list, 17) <= tonumber(ARGV[1]) then return 6 end
return reply(list, 0)
