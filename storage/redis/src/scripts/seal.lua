-- Unlinking is constant in time: the server frees the data in a thread of its own.
local state = fetch({'g', 'n'})
local generation = number(state[1], 0) + 1
local look = call('ZRANGE', R, 0, 0, 'WITHSCORES')[2]
call('UNLINK', Q, F, E, D, U, C, K, T)
call('HSET', Q, 'g', generation, 's', 1, 'n', state[2] or 0)
call('SREM', MOVES, Q)
if look then
  look = tonumber(look) + 3600000
  call('HSET', Q, 'x', look)
  call('ZADD', DUE, look, Q)
else
  call('ZREM', DUE, Q)
end
return generation
