-- Files what waits for its subscription, by keys and fields of their messages.
local function park(parked, fields)
  if #parked == 0 then return end
  local ends, places = {}, {}
  for i, message in ipairs(fetch(fields)) do
    -- Before the last message of an entry stands the head.
    local n, at = 2 * i, sub(fields[i], 1, 1) == 'm' and 17 or 51
    ends[n - 1], ends[n] = message and text('%.0f', (read('>d', message, at))) or '-inf', parked[i]
    places[n - 1], places[n] = 0, parked[i]
  end
  write('ZADD', X, places)
  write('ZADD', Y, ends)
  call('ZADD', KEPT, 'LT', text('%.17g', head(Y)), Q)
end

-- Makes parked deliveries due.
local function make_due(keys, now)
  local known, set, due = fetch(keys), {}, {}
  for i, key in ipairs(keys) do
    if known[i] then
      local n = #set
      set[n + 1], set[n + 2] = key, 'w' .. sub(known[i], 2, 5) .. NOBODY
      due[n + 1], due[n + 2] = now, key
    end
  end
  write('ZREM', X, keys)
  write('ZREM', Y, keys)
  write('HSET', O, set)
  write('ZADD', W, due)
end

-- Notes that deliveries of entries are over: how many by place of the entry.
local function settle_entries(done, now)
  local places, fields, set = {}, {}, {}
  for place in pairs(done) do
    places[#places + 1] = place
    fields[#fields + 1] = 's' .. place
  end
  for i, state in ipairs(#fields > 0 and fetch(fields) or {}) do
    if state then
      local left = math.max(read('>I4', state, 35) - done[places[i]], 0)
      state = sub(state, 1, 34) .. pack('>I4', left) .. sub(state, 39)
      if left == 0 and sub(state, 34, 34) == 'f' then
        close(places[i], state, now)
      else
        set[#set + 1] = fields[i]
        set[#set + 1] = state
      end
    end
  end
  write('HSET', O, set)
end
