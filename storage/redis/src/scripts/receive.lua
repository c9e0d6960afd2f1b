-- ARGV: now, generation, then the messages. An id stays in R for an hour, or until it is settled.
local now = tonumber(ARGV[1])
local have = fetch(with_ids())
if refused(have) then return 2 end
local ids, skip, marks = {}, {}, {}
for i = 3, #ARGV, 5 do ids[#ids + 1] = ARGV[i] end
local known = call('ZMSCORE', R, unpack(ids))
for i, id in ipairs(ids) do
  if known[i] and tonumber(known[i]) + 3600000 > now then
    skip[id] = true
  else
    marks[#marks + 1] = now
    marks[#marks + 1] = id
  end
end
if #marks == 0 then return 0 end
store(have, now, skip, now + 3600000)
write('ZADD', R, marks)
return 0
