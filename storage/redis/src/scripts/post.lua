-- ARGV: now, generation, then the messages. Returns 0, or {0, 1} if there is a new entry in the outbox.
local have = fetch(with_ids())
if refused(have) then return 2 end
local now = tonumber(ARGV[1])
local set, count, last = store(have, now)
local told = have[6]
if not told or count == 0 then return 0 end
local is_told, is_followed = read('>d', told) > now, read('>d', told, 9) > now
if not (is_told or is_followed) then return 0 end
