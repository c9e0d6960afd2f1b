-- ARGV: now, lease, limit, most bytes, end of the lease. Returns place, state and messages of each, lowest first;
-- 1 if there is more to be put in order than one step may.
local now, lease, limit, room = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local ended, opened = call('ZRANGEBYSCORE', L, '-inf', ARGV[1], 'LIMIT', 0, STEP), {}
for i, place in ipairs(ended) do opened[2 * i - 1], opened[2 * i] = place, place end
write('ZREM', L, ended)
write('ZADD', A, opened)
if #ended == STEP then return 1 end

-- Open entries are those in A and the posts behind what was leased.
local before = leased_up_to()
local from, places = text('(%.0f', before), {}
for i, place in ipairs(call('ZRANGE', A, 0, limit - 1)) do places[i] = {tonumber(place), place, true} end
local known = #places
for _, place in ipairs(call('ZRANGEBYSCORE', P, from, '+inf', 'LIMIT', 0, limit)) do
  places[#places + 1] = {tonumber(place), place}
end
if known > 0 and known < #places then table.sort(places, function(a, b) return a[1] < b[1] end) end

local out, taken, leased, set, values, passed = {0}, {}, {}, {}, {}, before
for i, each in ipairs(places) do
  if #leased == 2 * limit or room <= 0 then break end
  local place, at = each[2], (i - 1) % 16
  -- Page by page, so that no more bodies are read than fit.
  if at == 0 then
    local fields = {}
    for n = i, math.min(i + 15, #places) do
      fields[#fields + 1] = places[n][2]
      fields[#fields + 1] = 's' .. places[n][2]
    end
    values = fetch(fields)
  end
  local value, state = values[2 * at + 1], values[2 * at + 2]
  if each[3] then taken[#taken + 1] = place else passed = each[1] end
  -- What is only kept for followers is passed over.
  if value and sub(state or value, 34, 34) == 'o' then
    state = sub(state or value, 1, 34) .. (state and sub(state, 35, 38) or '\0\0\0\0') .. lease
      .. (state and sub(state, 55) or NOBODY)
    local n, count = #leased, read('>I4', state, 10)
    leased[n + 1], leased[n + 2] = ARGV[5], place
    set[n + 1], set[n + 2] = 's' .. place, state
    out[#out + 1] = place
    out[#out + 1] = state
    if count > 1 then
      local fields = {}
      for index = 0, count - 2 do fields[index + 1] = field_of(place, count, index) end
      for _, message in ipairs(fetch(fields)) do out[#out + 1] = message or '' end
    end
    out[#out + 1] = value
    room = room - read('>I4', state, 14)
  end
end
-- Removing comes first, if only of nothing: a server that is full takes it, and then the rest of the script.
taken[#taken + 1] = ''
write('ZREM', A, taken)
if passed > before then
  set[#set + 1] = 't'
  set[#set + 1] = text('%.0f', passed)
end
write('HSET', O, set)
write('ZADD', L, leased)
index(now, #leased > 0)
if #leased == 0 and #places >= limit then return 1 end
return out
