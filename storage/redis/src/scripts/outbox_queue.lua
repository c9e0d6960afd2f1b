local Q = KEYS[1]
local HASH = Q .. ':o'
