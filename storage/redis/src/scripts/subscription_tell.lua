-- Of a queue whose subscriptions are older than the outbox.
local ends = call('ZSCORE', ENDS, Q)
tell()
-- The index keeps its order while it is walked through.
if ends then call('ZADD', ENDS, ends, Q) end
return 0
