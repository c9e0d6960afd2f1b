-- ARGV: now, lease, then of each step: place, 'c'ontinue, 'r'elease or 'f'inish, subscription that is done with or
-- '', end of the lease, number of deliveries, and of each its key, itself, and when it is due or ''.
-- Returns for each step whether the lease held.
local now, lease, at, out = tonumber(ARGV[1]), ARGV[2], 3, {}

-- Adds the deliveries of one step that are not there; returns how many.
local function add(place, state, from, many)
  local keys, set, due, parked, fields, count = {}, {}, {}, {}, {}, read('>I4', state, 10)
  for i = 1, many do keys[i] = ARGV[from + 3 * i - 3] end
  local known, added = many > 0 and fetch(keys) or {}, {}
  for i, key in ipairs(keys) do
    local message = read('>I4', key, 25)
    local is_its_own = message < count and place_of(read('>d', key, 17)) == place
    if is_its_own and not known[i] and not added[key] then
      added[key] = true
      set[#set + 1], set[#set + 2] = key, ARGV[from + 3 * i - 2]
      local time = ARGV[from + 3 * i - 1]
      if time == '' then
        parked[#parked + 1] = key
        fields[#fields + 1] = field_of(place, count, message)
      else
        due[#due + 1], due[#due + 2] = time, key
      end
    end
  end
  write('HSET', O, set)
  write('ZADD', W, due)
  park(parked, fields)
  return #set / 2
end

while at < #ARGV do
  local place, what, after, many = ARGV[at], ARGV[at + 1], ARGV[at + 2], tonumber(ARGV[at + 4])
  local state = call('HGET', O, 's' .. place)
  local holds = state and sub(state, 34, 34) == 'o' and sub(state, 39, 54) == lease
  out[#out + 1] = holds and 1 or 0
  if holds then
    local left = read('>I4', state, 35) + add(place, state, at + 5, many)
    if after == '' then after = sub(state, 55) end
    local stage, holder = 'o', lease
    if what == 'c' then
      call('ZREM', A, place)
      call('ZADD', L, ARGV[at + 3], place)
    else
      call('ZREM', L, place)
      holder = NOBODY
      if what == 'r' then
        call('ZADD', A, place, place)
      else
        call('ZREM', A, place)
        stage = 'f'
      end
    end
    state = sub(state, 1, 33) .. stage .. pack('>I4', left) .. holder .. after
    if stage == 'f' and left == 0 then
      close(place, state, now)
    else
      call('HSET', O, 's' .. place, state)
    end
  end
  at = at + 5 + 3 * many
end
clear()
index(now, false)
return out
