-- Removes messages with every trace; a record that is not there is skipped.
local function forget(ids, records)
  local fields, gone, free, late, held = {}, {}, {}, {}, {}
  local claims, order = {}, {}
  for i = 1, #ids do
    local id, record = ids[i], records[i]
    if record then
      gone[#gone + 1] = id
      fields[#fields + 1] = id
      fields[#fields + 1] = 'b' .. id
      local state = string.byte(record)
      if state == 102 then
        free[#free + 1] = id
      elseif state == 100 then
        late[#late + 1] = id
      else
        held[#held + 1] = id
        local claim = 'k' .. string.sub(record, 42)
        if not claims[claim] then
          claims[claim] = {}
          order[#order + 1] = claim
        end
        claims[claim][id] = true
      end
    end
  end
  if #gone == 0 then return 0 end
  write('ZREM', E, gone)
  write('ZREM', F, free)
  write('ZREM', D, late)
  write('ZREM', U, late)
  if #held > 0 then
    write('ZREM', C, held)
    local lists, kept, empty = fetch(order), {}, {}
    for i, claim in ipairs(order) do
      local list, rest = lists[i], {}
      for at = 25, list and #list or 0, 16 do
        local id = string.sub(list, at, at + 15)
        if not claims[claim][id] then rest[#rest + 1] = id end
      end
      if #rest == 0 then
        fields[#fields + 1] = claim
        empty[#empty + 1] = string.sub(claim, 2)
      else
        kept[#kept + 1] = claim
        kept[#kept + 1] = string.sub(list, 1, 24) .. table.concat(rest)
      end
    end
    write('ZREM', K, empty)
    write('HSET', Q, kept)
  end
  write('HDEL', Q, fields)
  return #gone
end
