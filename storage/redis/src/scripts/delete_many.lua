-- ARGV: now, number of claims or -1 when none were named, the claims, the messages.
local now, count = tonumber(ARGV[1]), tonumber(ARGV[2])
local allowed, ids, records = {}, {}, {}
for i = 3, 2 + count do allowed[ARGV[i]] = true end
for i = 3 + math.max(count, 0), #ARGV do ids[#ids + 1] = ARGV[i] end
local have, known = fetch(ids), {}
for i, id in ipairs(ids) do
  local record = have[i]
  if record and read('>d', record, 10) > now then
    if count >= 0 then
      if string.byte(record) ~= 99 or read('>d', record, 34) <= now then return {4, id} end
      if not allowed[string.sub(record, 42)] then return {5, id} end
    end
    known[#known + 1] = id
    records[#records + 1] = record
  end
end
forget(known, records)
return 0
