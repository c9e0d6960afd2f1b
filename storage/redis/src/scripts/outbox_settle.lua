-- ARGV: now, lease, then of each delivery its key, '' if it is over or itself, and when it is due or '' if parked.
local now, lease, keys, places = tonumber(ARGV[1]), ARGV[2], {}, {}
for i = 3, #ARGV, 3 do keys[#keys + 1] = ARGV[i] end
local known, entries, seen = fetch(keys), {}, {}
local held, over, done, set, due, parked, fields = {}, {}, {}, {}, {}, {}, {}
for i, key in ipairs(keys) do
  local old, new, time = known[i], ARGV[3 * i + 1], ARGV[3 * i + 2]
  if old and not seen[key] and sub(old, 6) == lease then
    seen[key] = true
    held[#held + 1] = key
    local place = place_of(read('>d', key, 17))
    if new == '' then
      over[#over + 1] = key
      done[place] = (done[place] or 0) + 1
    else
      set[#set + 1], set[#set + 2] = key, new
      if time == '' then
        parked[#parked + 1] = key
        local state = call('HGET', O, 's' .. place)
        fields[#fields + 1] = field_of(place, read('>I4', state, 10), read('>I4', key, 25))
      else
        due[#due + 1], due[#due + 2] = time, key
      end
    end
  end
end
-- Removing comes first: a server that is full takes it, and then the rest of the script.
write('ZREM', W, held)
write('HDEL', O, over)
write('HSET', O, set)
write('ZADD', W, due)
park(parked, fields)
settle_entries(done, now)
clear()
index(now, false)
return 0
