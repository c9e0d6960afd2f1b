-- ARGV: limit. Returns 1 if any is left.
local limit, count = tonumber(ARGV[1]), 0
for _, ids in ipairs({I, J}) do
  if count < limit then
    for _, id in ipairs(call('ZRANGE', ids, 0, limit - count - 1)) do
      drop(id)
      count = count + 1
    end
  end
end
tell()
return call('EXISTS', I, J) > 0 and 1 or 0
