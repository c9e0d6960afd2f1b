-- An entry is: kind, when it was posted, how many messages, their bytes, the one subscription or zeros, state
-- 'o'pen, 'f'inished or 'k'ept, how many deliveries, lease or zeros, last subscription that is done with or zeros.
-- A message is: id, expiry, ttl, body. A delivery is: state 'w'aiting or 'p'arked, attempts, lease or zeros; its key
-- is subscription, place of the entry, index of the message.
local STEP, NOBODY = 1000, string.rep('\0', 16)
local sub, text = string.sub, string.format

local function head(key) return number(call('ZRANGE', key, 0, 0, 'WITHSCORES')[2], 'inf') end

-- A place as it stands in fields and sets.
local function place_of(marker) return text('%.0f', marker) end

-- The field of a message by the place of its entry, how many it has, and its index from 0.
local function message_of(place, count, index) return 'm' .. place_of(tonumber(place) - count + 1 + index) end

-- The place of a queue behind all that have something to be leased now.
local function behind(now)
  local last = call('ZREVRANGEBYSCORE', WORK, text('(%.0f', now + 1), '-inf', 'WITHSCORES', 'LIMIT', 0, 1)[2]
  last = number(last, '-inf')
  if last < now then return now end
  return math.min(last, now + 0.998046875) + 0.0009765625
end

-- Tells the indexes what may be leased, and when.
local function index(now, has_leased)
  local waiting, leased, is_open = head(W), head(L), call('EXISTS', A) == 1
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
local gone, gone_places, kept, kept_metas = {}, {}, {}, {}

-- Ends an entry that is finished and has no delivery.
local function close(place, meta, now)
  local ends = read('>d', meta, 2) + 60000
  if string.byte(meta) == 0 and ends > now and is_followed(now) then
    kept[#kept + 1] = ends
    kept[#kept + 1] = place
    kept_metas[#kept_metas + 1] = place
    kept_metas[#kept_metas + 1] = sub(meta, 1, 33) .. 'k' .. sub(meta, 35)
    call('ZADD', KEPT, 'LT', ends, Q)
    return
  end
  local count = read('>I4', meta, 10)
  gone_places[#gone_places + 1] = place
  gone[#gone + 1] = place
  for i = 0, count - 1 do gone[#gone + 1] = message_of(place, count, i) end
end

local function clear()
  write('HSET', O, kept_metas)
  write('ZADD', G, kept)
  write('HDEL', O, gone)
  write('ZREM', P, gone_places)
end
