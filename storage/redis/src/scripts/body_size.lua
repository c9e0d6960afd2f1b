-- How many bytes of a body as it is stored, from place `at` on, are the body alone. Before them stand 22 bytes, then
-- client, checksum text or a mark, and attributes, each after its length.
local function body_size(stored, at)
  at = at + 26 + read('>I4', stored, at + 22)
  local length = read('>I4', stored, at)
  if length == 4294967295 then length = 0 end
  at = at + 4 + length
  return #stored - at - 3 - read('>I4', stored, at)
end
