-- ARGV: id.
drop(ARGV[1])
if call('EXISTS', L) == 0 then call('ZREM', ENDS, Q) end
return 0
