-- Files what waits for its subscription, in pairs of key and field of the message.
local function park(parked, message_fields)
  if #parked == 0 then return end
  local ends, places = {}, {}
  for i, message in ipairs(fetch(message_fields)) do
    local n = 2 * i
    ends[n - 1], ends[n] = message and text('%.0f', (read('>d', message, 17))) or '-inf', parked[i]
    places[n - 1], places[n] = 0, parked[i]
  end
  write('ZADD', X, places)
  write('ZADD', Y, ends)
  call('ZADD', KEPT, 'LT', text('%.17g', head(Y)), Q)
end

-- Notes that deliveries of entries are over: how many by place of the entry.
local function settle_entries(done, now)
  local places, set = {}, {}
  for place in pairs(done) do places[#places + 1] = place end
  for i, meta in ipairs(#places > 0 and fetch(places) or {}) do
    if meta then
      local place = places[i]
      local left = math.max(read('>I4', meta, 35) - done[place], 0)
      meta = sub(meta, 1, 34) .. pack('>I4', left) .. sub(meta, 39)
      if left == 0 and sub(meta, 34, 34) == 'f' then
        close(place, meta, now)
      else
        set[#set + 1] = place
        set[#set + 1] = meta
      end
    end
  end
  write('HSET', O, set)
end
