-- The subscriptions of one queue: S has by 'i' + id the record and by 'u' + subscriber the id, I the
-- ids in order, L the ids by expiry; ENDS has the queues by when one of their subscriptions ends.
-- A record is expiry, whether confirmed, creation, ttl, length of the subscriber, subscriber, options.
local Q, S, I, L, ENDS = unpack(KEYS)
local call, pack, read = redis.call, struct.pack, struct.unpack

local function subscriber_of(record)
  return string.sub(record, 30, 29 + read('>I4', record, 26))
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

-- Removes a subscription, ended or not.
local function drop(id)
  local record = call('HGET', S, 'i' .. id)
  if record then call('HDEL', S, 'i' .. id, 'u' .. subscriber_of(record)) end
  call('ZREM', I, id)
  call('ZREM', L, id)
end

-- Removes what has ended and is in the way of a subscriber.
local function make_room(subscriber)
  local id = call('HGET', S, 'u' .. subscriber)
  if id then drop(id) end
end

local function put(id, record)
  local expires = string.format('%.0f', (read('>d', record)))
  call('HSET', S, 'i' .. id, record, 'u' .. subscriber_of(record), id)
  call('ZADD', I, 0, id)
  call('ZADD', L, expires, id)
  call('ZADD', ENDS, 'LT', expires, Q)
end
