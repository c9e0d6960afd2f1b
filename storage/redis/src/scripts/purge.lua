-- ARGV: now, limit, newest place or ''. Returns the newest place, and 1 if more is waiting.
local now, limit = tonumber(ARGV[1]), tonumber(ARGV[2])
local state = fetch({'w', 'n'})
if not settle(now, number(state[1], 'inf')) then return 1 end
local up_to = ARGV[3] ~= '' and ARGV[3] or state[2] or '0'

local function page(key, count)
  return call('ZRANGEBYSCORE', key, '-inf', up_to, 'LIMIT', 0, count)
end

local ids = page(F, limit)
if #ids < limit then
  for _, id in ipairs(page(D, limit - #ids)) do ids[#ids + 1] = id end
end
if #ids > 0 then forget(ids, fetch(ids)) end
local more = #page(F, 1) + #page(D, 1) > 0
return {0, tonumber(up_to), more and 1 or 0}
