-- ARGV: now, after this place, after this message or '', limit, claimed too, delayed too,
-- the client to leave out as it begins in a body, or ''.
-- Returns the place to continue from, or -1 at the end, then id, record and body of each message.
local now, limit, client = tonumber(ARGV[1]), tonumber(ARGV[4]), ARGV[7]
local claimed, delayed = ARGV[5] == '1', ARGV[6] == '1'
local state = fetch({'w', ARGV[3]})
local place = tonumber(ARGV[2])
if ARGV[3] ~= '' then
  local record = state[2]
  if not record or read('>d', record, 10) <= now then return {0, -1} end
  place = read('>d', record, 2)
end

local streams = {F}
if claimed then streams[#streams + 1] = C end
if delayed then streams[#streams + 1] = D end

-- Messages that are free by now but not yet filed so, with their places; nil if they are too many.
local function due()
  local ids = {}
  if not claimed then
    local claims = call('ZRANGEBYSCORE', K, '-inf', now, 'LIMIT', 0, 101)
    if #claims > 100 then return nil end
    for i, claim in ipairs(claims) do claims[i] = 'k' .. claim end
    local lists = #claims > 0 and fetch(claims) or {}
    for i = 1, #lists do
      for at = 25, #lists[i], 16 do ids[#ids + 1] = string.sub(lists[i], at, at + 15) end
    end
  end
  if not delayed then
    local late = call('ZRANGEBYSCORE', U, '-inf', now, 'LIMIT', 0, 1001)
    for i = 1, #late do ids[#ids + 1] = late[i] end
  end
  if #ids > 1000 then return nil end
  local found = {}
  if #ids > 0 then
    for i, record in ipairs(fetch(ids)) do found[i] = {read('>d', record, 2), ids[i]} end
  end
  return found
end

local extra = {}
if number(state[1], 'inf') <= now then
  extra = due()
  if not extra then return 1 end
end

local function page(want)
  local found, from = {}, string.format('(%.0f', place)
  for _, key in ipairs(streams) do
    local part = call('ZRANGEBYSCORE', key, from, '+inf', 'WITHSCORES', 'LIMIT', 0, want)
    for i = 1, #part, 2 do found[#found + 1] = {tonumber(part[i + 1]), part[i]} end
  end
  local mixed = #streams > 1 or #extra > 0
  for _, each in ipairs(extra) do
    if each[1] > place then found[#found + 1] = each end
  end
  if mixed then table.sort(found, function(a, b) return a[1] < b[1] end) end
  return found
end

local out, found, seen, ended = {0, -1}, 0, 0, false
repeat
  local want = limit - found
  if client ~= '' then want = math.max(want, 20) end
  want = math.min(want, 200)
  local places = page(want)
  local n = math.min(#places, want)
  ended = n < want
  local fields = {}
  for i = 1, n do fields[2 * i - 1], fields[2 * i] = places[i][2], 'b' .. places[i][2] end
  local have = n > 0 and fetch(fields) or {}
  for i = 1, n do
    if found == limit then
      ended = false
      break
    end
    local record, body = have[2 * i - 1], have[2 * i]
    place = places[i][1]
    local is_wanted = read('>d', record, 10) > now
      and (client == '' or string.sub(body, 23, 22 + #client) ~= client)
    if is_wanted then
      found = found + 1
      local at = #out
      out[at + 1], out[at + 2], out[at + 3] = places[i][2], record, body
    end
  end
  seen = seen + n
until ended or found == limit or seen >= 1000
if not ended then out[2] = place end
return out
