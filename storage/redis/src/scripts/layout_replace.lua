-- KEYS: layout, places, how many places each pool has. ARGV: revision, document, removed pools.
-- Returns the new revision, -1 at another revision, -2 and the number of a pool that is used.
local layout, counts = KEYS[1], KEYS[3]
if (redis.call('HGET', layout, 'revision') or '0') ~= ARGV[1] then return {-1} end
for i = 3, #ARGV do
  if redis.call('HEXISTS', counts, ARGV[i]) == 1 then return {-2, i - 3} end
end
redis.call('HSET', layout, 'text', ARGV[2])
return {redis.call('HINCRBY', layout, 'revision', 1)}
