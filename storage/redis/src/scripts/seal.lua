-- Unlinking is constant in time: the server frees the data in a thread of its own.
local state = fetch({'g', 'n', 'o'})
local generation = number(state[1], 0) + 1
local look = call('ZRANGE', R, 0, 0, 'WITHSCORES')[2]
call('UNLINK', Q, F, E, D, U, C, K, T, O, A, L, P, G, W, X, Y)
call('HSET', Q, 'g', generation, 's', 1, 'n', state[2] or 0)
-- Subscriptions stay, and so does what posts need to know of them.
if state[3] then call('HSET', Q, 'o', state[3]) end
call('SREM', MOVES, Q)
for _, queues in ipairs({WORK, OPEN, LATE, KEPT}) do call('ZREM', queues, Q) end
if look then
  look = tonumber(look) + 3600000
  call('HSET', Q, 'x', look)
  call('ZADD', DUE, look, Q)
else
  call('ZREM', DUE, Q)
end
return generation
