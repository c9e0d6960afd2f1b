-- ARGV: now, claim, ttl, expiry, ttl and expiry of messages that would end before it.
local now, claim, ends = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[4])
local state = fetch({'w', 'x', 'k' .. claim})
local list = state[3]
if not list or read('>d', list, 17) <= now then return 6 end
local ids = {}
for at = 25, #list, 16 do ids[#ids + 1] = string.sub(list, at, at + 15) end
local records, tail = fetch(ids), pack('>d', ends) .. claim
local set, longer = {}, {}
for i, id in ipairs(ids) do
  local record, extended = held(records[i], tail, ends, tonumber(ARGV[5]), tonumber(ARGV[6]), 0)
  set[#set + 1] = id
  set[#set + 1] = record
  if extended then
    longer[#longer + 1] = extended
    longer[#longer + 1] = id
  end
end
set[#set + 1] = 'k' .. claim
set[#set + 1] = pack('>ddd', now, tonumber(ARGV[3]), ends) .. string.sub(list, 25)
note(set, ends, number(state[1], 'inf'), number(state[2], 'inf'))
write('HSET', Q, set)
call('ZADD', K, ends, claim)
write('ZADD', E, longer)
return 0
