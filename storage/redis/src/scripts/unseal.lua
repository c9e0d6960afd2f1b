-- ARGV: generation.
if number(call('HGET', Q, 'g'), 0) == tonumber(ARGV[1]) then call('HDEL', Q, 's') end
return 0
