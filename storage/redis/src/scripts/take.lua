-- Takes the oldest free messages out of F: ids, records, bodies; nil if another step is needed first.
local function take(limit, now)
  local ids, places, records, bodies, seen = {}, {}, {}, {}, 0
  local ended, ended_records = {}, {}
  repeat
    local popped = call('ZPOPMIN', F, limit - #ids)
    local n = #popped / 2
    if n == 0 then break end
    local fields = {}
    for i = 1, n do
      local id = popped[2 * i - 1]
      fields[i], fields[n + i] = id, 'b' .. id
    end
    local have = fetch(fields)
    for i = 1, n do
      local record = have[i]
      if read('>d', record, 10) > now then
        local at = #ids + 1
        ids[at], places[at], records[at], bodies[at] = fields[i], popped[2 * i], record, have[n + i]
      else
        ended[#ended + 1], ended_records[#ended_records + 1] = fields[i], record
      end
    end
    seen = seen + n
  until #ids == limit or seen >= 1000
  if #ended > 0 then forget(ended, ended_records) end
  if #ids == limit or seen < 1000 then return ids, places, records, bodies end
  local back = {}
  for i, id in ipairs(ids) do
    back[2 * i - 1], back[2 * i] = places[i], id
  end
  write('ZADD', F, back)
  return nil
end
