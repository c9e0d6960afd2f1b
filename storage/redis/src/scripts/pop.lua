-- ARGV: now, limit.
local now = tonumber(ARGV[1])
local wake = settle(now, number(call('HGET', Q, 'w'), 'inf'))
if not wake then return 1 end
local ids, _, records, bodies = take(tonumber(ARGV[2]), now)
if not ids then return 1 end
local out = {0}
for i, id in ipairs(ids) do
  local n = #out
  out[n + 1], out[n + 2], out[n + 3] = id, records[i], bodies[i]
end
forget(ids, records)
return out
