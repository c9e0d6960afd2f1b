-- The keys of one queue, always in this order; a script gets as many as it needs.
local Q, F, E, D, U, DUE, C, K, R, T, MOVES = unpack(KEYS)
local HASH = Q
