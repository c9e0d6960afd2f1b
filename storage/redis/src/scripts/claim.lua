-- A claim record: created, ttl, expiry, then the ids of its messages, oldest first.
local function reply(list, moved)
  local out, fields = {0, moved, string.sub(list, 1, 24)}, {}
  for at = 25, #list, 16 do
    local id = string.sub(list, at, at + 15)
    fields[#fields + 1] = id
    fields[#fields + 1] = 'b' .. id
  end
  local have = fetch(fields)
  for i = 1, #fields, 2 do
    out[#out + 1], out[#out + 2], out[#out + 3] = fields[i], have[i], have[i + 1]
  end
  return out
end

-- The record of a message under a claim, and its new expiry if that changed: a message that would
-- expire before the claim, in whole seconds, is extended; none expires under the claim.
local function held(record, tail, ends, longer_ttl, longer_ends, more)
  local expires, ttl, count = read('>ddd', record, 10)
  local extended
  if expires < ends - ends % 1000 then
    expires, ttl, extended = longer_ends, longer_ttl, longer_ends
  elseif expires < ends then
    expires, extended = ends, ends
  end
  return 'c' .. string.sub(record, 2, 9) .. pack('>ddd', expires, ttl, count + more) .. tail, extended
end

-- Notes in the arguments of an HSET that the queue changes by itself at `at`.
local function note(set, at, wake, index)
  if at < wake then
    set[#set + 1] = 'w'
    set[#set + 1] = at
  end
  if at < index then
    set[#set + 1] = 'x'
    set[#set + 1] = at
    call('ZADD', DUE, at, Q)
  end
end
