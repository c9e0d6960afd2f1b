-- What every script on a queue uses; HASH is the hash that it reads.
local call, pack, read = redis.call, struct.pack, struct.unpack

-- Lua passes at most 8000 values to a call.
local CHUNK = 6000

local function write(command, key, values)
  for from = 1, #values, CHUNK do
    call(command, key, unpack(values, from, math.min(from + CHUNK - 1, #values)))
  end
end

local function fetch(fields)
  if #fields <= CHUNK then return call('HMGET', HASH, unpack(fields)) end
  local all = {}
  for from = 1, #fields, CHUNK do
    local part = call('HMGET', HASH, unpack(fields, from, math.min(from + CHUNK - 1, #fields)))
    for i = 1, #part do all[#all + 1] = part[i] end
  end
  return all
end

local function number(text, default) return tonumber(text or default) end
