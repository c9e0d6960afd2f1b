-- ARGV: now, budget. Returns how many were removed, and 1 if more have ended.
local ended = call('ZRANGEBYSCORE', L, '-inf', ARGV[1], 'LIMIT', 0, ARGV[2])
for _, id in ipairs(ended) do drop(id) end
local first = call('ZRANGE', L, 0, 0, 'WITHSCORES')
if #first == 0 then
  call('ZREM', ENDS, Q)
  return {#ended, 0}
end
call('ZADD', ENDS, first[2], Q)
return {#ended, tonumber(first[2]) <= tonumber(ARGV[1]) and 1 or 0}
