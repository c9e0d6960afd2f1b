-- Brings a queue up to `now`: what is due becomes free, what ended goes. Steps are bounded.
local STEP = 1000

-- Puts messages back among the free ones, at their old place.
local function release(ids, source)
  local records, places, set = fetch(ids), {}, {}
  for i, id in ipairs(ids) do
    local record = records[i]
    if record then
      places[#places + 1] = read('>d', record, 2)
      places[#places + 1] = id
      set[#set + 1] = id
      set[#set + 1] = 'f' .. string.sub(record, 2, 33)
    end
  end
  write('ZREM', source, ids)
  write('ZADD', F, places)
  write('HSET', Q, set)
end

local function end_claims(now)
  local claims = call('ZRANGEBYSCORE', K, '-inf', now, 'LIMIT', 0, 100)
  if #claims == 0 then return 0 end
  local fields, ids, gone, ended = {}, {}, {}, {}
  for i, claim in ipairs(claims) do fields[i] = 'k' .. claim end
  local lists = fetch(fields)
  for i, claim in ipairs(claims) do
    if #ids >= STEP then break end
    gone[i], ended[i] = fields[i], claim
    for at = 25, lists[i] and #lists[i] or 0, 16 do
      ids[#ids + 1] = string.sub(lists[i], at, at + 15)
    end
  end
  if #ids > 0 then release(ids, C) end
  write('HDEL', Q, gone)
  write('ZREM', K, ended)
  return #ended
end

local function end_delays(now)
  local late = call('ZRANGEBYSCORE', U, '-inf', now, 'LIMIT', 0, STEP)
  if #late == 0 then return end
  release(late, D)
  write('ZREM', U, late)
end

local function head(key)
  return number(call('ZRANGE', key, 0, 0, 'WITHSCORES')[2], 'inf')
end

-- Returns when the queue changes next by itself, whether all that is due is free, and a count.
local function tidy(now, budget)
  local removed = end_claims(now)
  end_delays(now)
  local ended = call('ZRANGEBYSCORE', E, '-inf', now, 'LIMIT', 0, budget)
  if #ended > 0 then removed = removed + forget(ended, fetch(ended)) end
  local due = math.min(head(K), head(U))
  return math.min(due, head(E)), due > now, removed
end

-- As `tidy`, if there is anything to do; nil if another step is needed first.
local function settle(now, wake)
  if wake > now then return wake end
  local next_wake, settled = tidy(now, 50)
  if next_wake ~= wake then call('HSET', Q, 'w', next_wake) end
  return settled and next_wake or nil
end
