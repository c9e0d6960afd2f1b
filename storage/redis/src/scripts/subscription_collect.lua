-- ARGV: now, budget. Returns how many were removed, and 1 if more have ended.
local now, budget, count = tonumber(ARGV[1]), tonumber(ARGV[2]), 0
for _, ends in ipairs({L, H}) do
  if count < budget then
    for _, id in ipairs(call('ZRANGEBYSCORE', ends, '-inf', ARGV[1], 'LIMIT', 0, budget - count)) do
      drop(id)
      count = count + 1
    end
  end
end
tell(now)
local next = tonumber(call('ZSCORE', ENDS, Q) or 'inf')
return {count, next <= now and 1 or 0}
