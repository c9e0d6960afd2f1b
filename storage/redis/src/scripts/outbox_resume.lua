-- ARGV: now, subscription, limit. Returns 1 if any parked delivery is left.
local from, to = '[' .. ARGV[2], '[' .. ARGV[2] .. string.rep('\255', 12)
local keys = call('ZRANGEBYLEX', X, from, to, 'LIMIT', 0, ARGV[3])
if #keys == 0 then return 0 end
make_due(keys, ARGV[1])
index(tonumber(ARGV[1]), false)
return #call('ZRANGEBYLEX', X, from, to, 'LIMIT', 0, 1)
