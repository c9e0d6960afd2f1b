-- ARGV: now, message, claim or ''.
local now, id, claim = tonumber(ARGV[1]), ARGV[2], ARGV[3]
local have = fetch({id, 'k' .. claim})
local record, named = have[1], have[2]
if not record or read('>d', record, 10) <= now then return 0 end
local holder
if string.byte(record) == 99 and read('>d', record, 34) > now then holder = string.sub(record, 42) end
if claim == '' then
  if holder then return 3 end
elseif not holder then
  return 4
elseif holder ~= claim then
  return named and read('>d', named, 17) > now and 5 or 6
end
forget({id}, {record})
return 0
