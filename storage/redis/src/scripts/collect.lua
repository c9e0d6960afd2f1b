-- ARGV: now, budget. Returns how much was removed, and 1 if more is waiting.
local now, budget = tonumber(ARGV[1]), tonumber(ARGV[2])
local wake, _, removed = tidy(now, budget)
local old = call('ZRANGEBYSCORE', R, '-inf', now - 3600000, 'LIMIT', 0, budget)
write('ZREM', R, old)
local look = math.min(wake, head(R) + 3600000)
if look == math.huge then
  call('HDEL', Q, 'w', 'x')
  call('ZREM', DUE, Q)
else
  call('HSET', Q, 'w', wake, 'x', look)
  call('ZADD', DUE, look, Q)
end
return {removed + #old, look <= now and 1 or 0}
