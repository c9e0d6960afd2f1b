-- Fields of O: by place, the head of an entry and its last message; by 'm' + place, another message; by 's' + place,
-- the state of an entry that was leased once; by its key, a delivery; 't', the highest place of a post leased so far:
-- posts behind it are open. A head is: kind, when it was posted, how many messages, their bytes, the one subscription
-- or zeros, 'o'pen, 'f'inished or 'k'ept. A state is: the head, how many deliveries, lease or zeros, last subscription
-- that is done with or zeros. A message is: id, expiry, ttl, body. A delivery is: 'w'aiting or 'p'arked, attempts,
-- lease or zeros; its key is subscription, place of the entry, index of the message.
local STEP, NOBODY = 1000, string.rep('\0', 16)
local sub, text = string.sub, string.format

local function head(key) return number(call('ZRANGE', key, 0, 0, 'WITHSCORES')[2], 'inf') end

-- A place as it stands in fields and sets.
local function place_of(marker) return text('%.0f', marker) end

-- The field of a message by the place of its entry, how many that has, and its index from 0.
local function field_of(place, count, index)
  if index == count - 1 then return place end
  return 'm' .. place_of(tonumber(place) - count + 1 + index)
end

-- The highest place of a post that was leased.
local function leased_up_to() return number(call('HGET', O, 't'), 0) end

-- The place of a queue behind all that have something to be leased now.
local function behind(now)
  local last = call('ZREVRANGEBYSCORE', WORK, text('(%.0f', now + 1), '-inf', 'WITHSCORES', 'LIMIT', 0, 1)[2]
  last = number(last, '-inf')
  if last < now then return now end
  return math.min(last, now + 0.998046875) + 0.0009765625
end

-- Tells the indexes what may be leased, and when.
local function index(now, has_leased)
  local waiting, leased = head(W), head(L)
  local is_open = call('EXISTS', A) == 1
  if not is_open then
    is_open = number(call('ZREVRANGE', P, 0, 0, 'WITHSCORES')[2], 0) > leased_up_to()
  end
  if waiting == math.huge then call('ZREM', LATE, Q) else call('ZADD', LATE, waiting, Q) end
  if not is_open and leased == math.huge then call('ZREM', OPEN, Q) end
  local next = math.min(leased, waiting)
  if is_open or next <= now then
    local since = number(call('ZSCORE', WORK, Q), 'inf')
    if has_leased or since >= now + 1 then
      call('ZADD', WORK, text('%.17g', has_leased and behind(now) or math.min(next, now)), Q)
    end
  elseif next == math.huge then
    call('ZREM', WORK, Q)
  else
    call('ZADD', WORK, next, Q)
  end
end

-- Whether followers may want what was posted.
local function is_followed(now)
  local told = call('HGET', Q, 'o')
  return told and read('>d', told, 9) > now
end

-- What is removed from O and P, and what is kept for followers, until `clear`.
local gone, gone_places, kept, kept_states = {}, {}, {}, {}

local function remove(place, count)
  gone_places[#gone_places + 1] = place
  gone[#gone + 1] = 's' .. place
  for i = 0, count - 1 do gone[#gone + 1] = field_of(place, count, i) end
end

-- Ends an entry that is finished and has no delivery.
local function close(place, state, now)
  local ends = read('>d', state, 2) + 60000
  if string.byte(state) == 0 and ends > now and is_followed(now) then
    kept[#kept + 1] = ends
    kept[#kept + 1] = place
    kept_states[#kept_states + 1] = 's' .. place
    kept_states[#kept_states + 1] = sub(state, 1, 33) .. 'k' .. sub(state, 35)
    call('ZADD', KEPT, 'LT', ends, Q)
  else
    remove(place, read('>I4', state, 10))
  end
end

local function clear()
  write('HSET', O, kept_states)
  write('ZADD', G, kept)
  if #gone == 0 then return end
  write('HDEL', O, gone)
  write('ZREM', P, gone_places)
  if call('EXISTS', P) == 0 then call('HDEL', O, 't') end
end
