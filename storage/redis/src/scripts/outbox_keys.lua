-- The outbox of one queue. Its keys are made from that of the queue, so that they cost a post to a queue without
-- subscriptions nothing: O has the entries and deliveries, P the posts by place, A other open entries by place, L the
-- leased ones by end, G the finished ones that are kept, by end; W the deliveries by when they may be leased, X the
-- parked ones in their order, Y those by end of their message. The indexes have queues: WORK by since when, or from
-- when on, something may be leased, OPEN by a time no later than the post of the oldest entry, LATE by the next
-- delivery, KEPT by when something is to be collected.
local O, A, L, P, G = Q .. ':o', Q .. ':oa', Q .. ':ol', Q .. ':op', Q .. ':og'
local W, X, Y = Q .. ':ow', Q .. ':ox', Q .. ':oy'
local WORK, OPEN, LATE, KEPT = 'sk:work', 'sk:open', 'sk:late', 'sk:kept'
