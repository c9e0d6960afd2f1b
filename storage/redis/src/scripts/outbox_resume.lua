-- ARGV: now, subscription, limit. Returns 1 if any parked delivery is left. One whose message has ended goes.
local now, from, to = tonumber(ARGV[1]), '[' .. ARGV[2], '[' .. ARGV[2] .. string.rep('\255', 12)
local keys = call('ZRANGEBYLEX', X, from, to, 'LIMIT', 0, ARGV[3])
if #keys == 0 then return 0 end
local ends, known = call('ZMSCORE', Y, unpack(keys)), fetch(keys)
local over, done, set, due = {}, {}, {}, {}
for i, key in ipairs(keys) do
  if number(ends[i], '-inf') <= now then
    over[#over + 1] = key
    local place = place_of(read('>d', key, 17))
    done[place] = (done[place] or 0) + 1
  else
    local n = #set
    set[n + 1], set[n + 2] = key, 'w' .. sub(known[i], 2, 5) .. NOBODY
    due[n + 1], due[n + 2] = ARGV[1], key
  end
end
write('ZREM', X, keys)
write('ZREM', Y, keys)
write('HDEL', O, over)
write('HSET', O, set)
write('ZADD', W, due)
settle_entries(done, now)
clear()
index(now, false)
return #call('ZRANGEBYLEX', X, from, to, 'LIMIT', 0, 1)
