-- ARGV: how many a log keeps, then subscription and record of each attempt, in order.
for i = 2, #ARGV, 2 do
  if call('HEXISTS', S, 'i' .. ARGV[i]) == 1 then
    local log = log_of(ARGV[i])
    call('LPUSH', log, ARGV[i + 1])
    call('LTRIM', log, 0, tonumber(ARGV[1]) - 1)
  end
end
return 0
