-- Appends messages: ARGV from 3 has of each its id, expiry, due time or '', tail of the record, body.
-- `have` is what HMGET gave for STATE and the ids; `forgotten_at` is when an index must look again.
-- Returns what it set, of each message from 3 on its id, record, field of the body, body; how many; the last place.
local STATE = {'g', 's', 'n', 'w', 'x', 'o'}

local function with_ids()
  local fields = {unpack(STATE)}
  for i = 3, #ARGV, 5 do fields[#fields + 1] = ARGV[i] end
  return fields
end

local function refused(have)
  return have[2] or tonumber(ARGV[2]) < number(have[1], 0)
end

local function store(have, now, skip, forgotten_at)
  local last, wake, index = number(have[3], 0), number(have[4], 'inf'), number(have[5], 'inf')
  local set, free, ends, late, due, stored = {'n', 0}, {}, {}, {}, {}, {}
  local earliest = wake
  for i = 3, #ARGV, 5 do
    local id, known = ARGV[i], have[6 + (i + 2) / 5]
    if known and read('>d', known, 10) <= now then
      forget({id}, {known})
      known = false
    end
    if not (known or stored[id] or skip and skip[id]) then
      stored[id] = true
      last = last + 1
      local expires, delay, state = ARGV[i + 1], ARGV[i + 2], 'f'
      ends[#ends + 1] = expires
      ends[#ends + 1] = id
      if delay == '' then
        free[#free + 1] = last
        free[#free + 1] = id
      else
        state = 'd'
        late[#late + 1] = last
        late[#late + 1] = id
        due[#due + 1] = delay
        due[#due + 1] = id
        earliest = math.min(earliest, tonumber(delay))
      end
      earliest = math.min(earliest, tonumber(expires))
      local n = #set
      set[n + 1] = id
      set[n + 2] = state .. pack('>d', last) .. ARGV[i + 3]
      set[n + 3] = 'b' .. id
      set[n + 4] = ARGV[i + 4]
    end
  end
  set[2] = last
  if earliest < wake then
    set[#set + 1] = 'w'
    set[#set + 1] = earliest
  end
  local look = math.min(earliest, forgotten_at or earliest)
  if look < index then
    set[#set + 1] = 'x'
    set[#set + 1] = look
    call('ZADD', DUE, look, Q)
  end
  if #set == 2 and #ends == 0 then return set, 0, last end
  write('HSET', Q, set)
  write('ZADD', F, free)
  write('ZADD', E, ends)
  write('ZADD', D, late)
  write('ZADD', U, due)
  return set, #ends / 2, last
end
