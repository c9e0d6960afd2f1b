-- The subscriptions of one queue: S has by 'i' + id the record and by 'u' + subscriber the id, I the ids in order, L
-- the ids by expiry; J and H are I and L of the followers. ENDS has the queues by when one of their subscriptions ends.
-- A record is expiry, flags, creation, ttl, length of the subscriber, subscriber, options; the flags are 1 for
-- confirmed, 2 for a follower, and 4 times the state.
local Q, S, I, L, ENDS, J, H = unpack(KEYS)
local call, pack, read = redis.call, struct.pack, struct.unpack

local function subscriber_of(record)
  return string.sub(record, 30, 29 + read('>I4', record, 26))
end

local function is_confirmed(record) return string.byte(record, 9) % 2 == 1 end

local function is_follower(flags) return flags % 4 >= 2 end

local function with_flags(record, flags)
  return string.sub(record, 1, 8) .. string.char(flags) .. string.sub(record, 10)
end

-- The record of a subscription; nil if there is none or it has ended.
local function live(id, now)
  local record = call('HGET', S, 'i' .. id)
  if record and read('>d', record) > now then return record end
end

-- The live subscription of a subscriber, and its record.
local function of_subscriber(subscriber, now)
  local id = call('HGET', S, 'u' .. subscriber)
  local record = id and live(id, now)
  if record then return id, record end
end

-- The log of a subscription.
local function log_of(id)
  return Q .. ':a' .. string.gsub(id, '.', function(each) return string.format('%02x', string.byte(each)) end)
end

-- Removes a subscription, ended or not, and its log.
local function drop(id)
  local record = call('HGET', S, 'i' .. id)
  if record then call('HDEL', S, 'i' .. id, 'u' .. subscriber_of(record)) end
  for _, ids in ipairs({I, L, J, H}) do call('ZREM', ids, id) end
  call('UNLINK', log_of(id))
end

-- Removes what has ended and is in the way of a subscriber.
local function make_room(subscriber)
  local id = call('HGET', S, 'u' .. subscriber)
  if id then drop(id) end
end

local function put(id, record)
  local expires, follows = string.format('%.0f', (read('>d', record))), is_follower(string.byte(record, 9))
  call('HSET', S, 'i' .. id, record, 'u' .. subscriber_of(record), id)
  call('ZADD', follows and J or I, 0, id)
  call('ZADD', follows and H or L, expires, id)
end

local function end_of(key, command)
  return tonumber(call(command, key, 0, 0, 'WITHSCORES')[2])
end

-- Tells posts until when somebody is told, and until when somebody follows, or did; tells the index when to look again.
-- A follower that was deleted counts until its end, for a while at least it may come back.
local function tell(now)
  local told, followed = end_of(L, 'ZREVRANGE') or 0, end_of(H, 'ZREVRANGE') or 0
  local old = call('HGET', Q, 'o')
  local before = old and read('>d', old, 9) or 0
  if before > (now or 0) then followed = math.max(followed, before) end
  if told == 0 and followed == 0 then
    if old then call('HDEL', Q, 'o') end
    call('ZREM', ENDS, Q)
    return
  end
  local new = pack('>dd', told, followed)
  if new ~= old then call('HSET', Q, 'o', new) end
  local next = math.min(end_of(L, 'ZRANGE') or math.huge, end_of(H, 'ZRANGE') or math.huge)
  call('ZADD', ENDS, next == math.huge and followed or next, Q)
end
