-- ARGV: now, lease, limit, most bytes, end of the lease. Returns place, entry and messages of each, lowest first;
-- 1 if more leases have ended than one step may end.
local now, lease, limit, room = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local ended, opened = call('ZRANGEBYSCORE', L, '-inf', ARGV[1], 'LIMIT', 0, STEP), {}
for i, place in ipairs(ended) do opened[2 * i - 1], opened[2 * i] = place, place end
write('ZREM', L, ended)
write('ZADD', A, opened)
if #ended == STEP then return 1 end

local places = call('ZRANGE', A, 0, limit - 1)
local entries = #places > 0 and fetch(places) or {}
local taken, leased, set, fields = {}, {}, {}, {}
for i, place in ipairs(places) do
  local entry = entries[i]
  local count, n = read('>I4', entry, 10), 2 * i
  entry = sub(entry, 1, 38) .. lease .. sub(entry, 55)
  taken[i], entries[i] = place, entry
  leased[n - 1], leased[n] = ARGV[5], place
  set[n - 1], set[n] = place, entry
  for index = 0, count - 1 do fields[#fields + 1] = message_of(place, count, index) end
  room = room - read('>I4', entry, 14)
  if room <= 0 then break end
end
-- Removing comes first: a server that is full takes it, and then the rest of the script.
write('ZREM', A, taken)
write('HSET', O, set)
write('ZADD', L, leased)
index(now, #taken > 0)

local messages, out, at = #fields > 0 and fetch(fields) or {}, {0}, 0
for i, place in ipairs(taken) do
  local n, count = #out, read('>I4', entries[i], 10)
  out[n + 1], out[n + 2] = place, entries[i]
  for index = 1, count do out[n + 2 + index] = messages[at + index] or '' end
  at = at + count
end
return out
