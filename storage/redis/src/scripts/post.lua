-- ARGV: now, generation, then the messages.
local have = fetch(with_ids())
if refused(have) then return 2 end
store(have, tonumber(ARGV[1]))
return 0
