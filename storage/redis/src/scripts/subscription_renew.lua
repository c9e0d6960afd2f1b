-- ARGV: now, id, expected and new expiry. Returns the record as it is then, '' if there is none.
local now, id = tonumber(ARGV[1]), ARGV[2]
local record = live(id, now)
if not record then return '' end
if string.sub(record, 1, 8) == ARGV[3] then
  record = ARGV[4] .. string.sub(record, 9)
  put(id, record)
  tell(now)
end
return record
