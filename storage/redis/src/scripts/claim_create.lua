-- ARGV: now, claim, limit, ttl, expiry, ttl and expiry of messages that would end before it,
-- then of the dead-letter rule, or '': maximum count, target, ttl, expiry.
local now, claim, limit = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3])
local ends, longer_ttl, longer_ends = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local maximum = tonumber(ARGV[8])

local state = fetch({'w', 'x', 'k' .. claim, 'm'})
local known = state[3]
if known and read('>d', known, 17) > now then return reply(known, 0) end
local wake = settle(now, number(state[1], 'inf'))
if not wake then return 1 end
local ids, places, records, bodies = take(limit, now)
if not ids then return 1 end
if #ids == 0 then return {0, 0, ''} end

local tail, list = pack('>d', ends) .. claim, pack('>ddd', now, tonumber(ARGV[4]), ends)
local set, hold, longer, mine, out = {}, {}, {}, {}, {0, 0, list}
local moved, moves, fields, last_move = {}, {}, {}, number(state[4], 0)
for i, id in ipairs(ids) do
  local record = records[i]
  local n = #set
  if maximum and read('>d', record, 26) >= maximum then
    local expires, ttl = read('>dd', record, 10)
    if ARGV[10] ~= '' then ttl, expires = tonumber(ARGV[10]), tonumber(ARGV[11]) end
    set[n + 1], set[n + 2] = 't' .. id, pack('>dd', expires, ttl) .. ARGV[9] .. (bodies[i] or '')
    moved[#moved + 1] = id
    last_move = last_move + 1
    moves[#moves + 1] = last_move
    moves[#moves + 1] = id
    fields[#fields + 1] = id
    fields[#fields + 1] = 'b' .. id
  else
    local extended
    record, extended = held(record, tail, ends, longer_ttl, longer_ends, maximum and 1 or 0)
    if extended then
      longer[#longer + 1] = extended
      longer[#longer + 1] = id
    end
    set[n + 1], set[n + 2] = id, record
    hold[#hold + 1] = places[i]
    hold[#hold + 1] = id
    mine[#mine + 1] = id
    n = #out
    out[n + 1], out[n + 2], out[n + 3] = id, record, bodies[i]
  end
end

if #mine > 0 then
  set[#set + 1] = 'k' .. claim
  set[#set + 1] = list .. table.concat(mine)
  note(set, ends, wake, number(state[2], 'inf'))
  write('ZADD', C, hold)
  call('ZADD', K, ends, claim)
  write('ZADD', E, longer)
end
if #moved > 0 then
  set[#set + 1] = 'm'
  set[#set + 1] = last_move
end
write('HSET', Q, set)
if #moved > 0 then
  write('ZREM', E, moved)
  write('HDEL', Q, fields)
  write('ZADD', T, moves)
  call('SADD', MOVES, Q)
end
out[2] = #moved
return out
