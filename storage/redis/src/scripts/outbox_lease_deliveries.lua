-- ARGV: now, lease, limit, most bytes, end of the lease. Returns key, delivery, state of the entry and message of each.
local now, lease, room = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[4])
local keys = call('ZRANGEBYSCORE', W, '-inf', ARGV[1], 'LIMIT', 0, ARGV[3])
local fields, places = {}, {}
for i, key in ipairs(keys) do
  places[i] = place_of(read('>d', key, 17))
  fields[2 * i - 1], fields[2 * i] = key, 's' .. places[i]
end
local have, messages = #keys > 0 and fetch(fields) or {}, {}
for i, key in ipairs(keys) do
  messages[i] = field_of(places[i], read('>I4', have[2 * i], 10), read('>I4', key, 25))
end

local out, taken, set, until_then, bodies = {}, {}, {}, {}, {}
for i, key in ipairs(keys) do
  -- Page by page, so that no more bodies are read than fit.
  if (i - 1) % 16 == 0 then
    bodies = fetch({unpack(messages, i, math.min(i + 15, #messages))})
  end
  local body = bodies[(i - 1) % 16 + 1] or ''
  local delivery, n, m = sub(have[2 * i - 1], 1, 5) .. lease, 4 * i, 2 * i
  out[n - 3], out[n - 2], out[n - 1], out[n] = key, delivery, have[2 * i], body
  taken[i], set[m - 1], set[m], until_then[m - 1], until_then[m] = key, key, delivery, ARGV[5], key
  -- A damaged body may not say how large it is.
  local is_sound, size = pcall(body_size, body, messages[i] == places[i] and 67 or 33)
  room = room - (is_sound and size or #body)
  if room <= 0 then break end
end
-- Removing comes first: a server that is full takes it, and then the rest of the script.
write('ZREM', W, taken)
write('HSET', O, set)
write('ZADD', W, until_then)
index(now, #out > 0)
return out
