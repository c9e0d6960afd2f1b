-- ARGV: now. Returns claimed, all, then id and body head of the first and the last message.
local now = tonumber(ARGV[1])
local is_clean = number(call('HGET', Q, 'w'), 'inf') > now
local all, held = 0, call('ZCARD', C)
if is_clean then
  all = call('ZCARD', E)
else
  all = call('ZCOUNT', E, '(' .. ARGV[1], '+inf')
  local claims = call('ZRANGEBYSCORE', K, '-inf', now, 'LIMIT', 0, 101)
  if #claims > 100 then return 1 end
  for i, claim in ipairs(claims) do claims[i] = 'k' .. claim end
  for _, list in ipairs(#claims > 0 and fetch(claims) or {}) do held = held - (#list - 24) / 16 end
end

local function first(key, command)
  local from, size = 0, 1
  while from < 1000 do
    local page = call(command, key, from, from + size - 1, 'WITHSCORES')
    if #page == 0 then return {} end
    if is_clean then return {tonumber(page[2]), page[1]} end
    local ids = {}
    for i = 1, #page, 2 do ids[#ids + 1] = page[i] end
    for i, record in ipairs(fetch(ids)) do
      if read('>d', record, 10) > now then return {tonumber(page[2 * i]), ids[i]} end
    end
    from, size = from + size, 111
  end
  return nil
end

local out = {0, held, all}
for _, command in ipairs({'ZRANGE', 'ZREVRANGE'}) do
  local best = {}
  for _, key in ipairs({F, C, D}) do
    local each = first(key, command)
    if not each then return 1 end
    local closer = each[1] and (not best[1] or (command == 'ZRANGE') == (each[1] < best[1]))
    if closer then best = each end
  end
  if best[1] then
    out[#out + 1] = best[2]
    out[#out + 1] = string.sub(call('HGET', Q, 'b' .. best[2]), 1, 9)
  end
end
return out
