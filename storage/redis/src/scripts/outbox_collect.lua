-- ARGV: now, budget. Returns how much was removed or made due, and 1 if more is waiting.
local now, budget = tonumber(ARGV[1]), tonumber(ARGV[2])
local ended = call('ZRANGEBYSCORE', G, '-inf', ARGV[1], 'LIMIT', 0, budget)
for _, place in ipairs(ended) do
  local head = call('HGET', O, 's' .. place) or call('HGET', O, place)
  remove(place, head and read('>I4', head, 10) or 0)
end
write('ZREM', G, ended)

local over = call('ZRANGEBYSCORE', Y, '-inf', ARGV[1], 'LIMIT', 0, budget)
if #over > 0 then
  make_due(over, ARGV[1])
  index(now, false)
end
clear()

local next = math.min(head(G), head(Y))
if next == math.huge then call('ZREM', KEPT, Q) else call('ZADD', KEPT, text('%.17g', next), Q) end
return {#ended + #over, next <= now and 1 or 0}
