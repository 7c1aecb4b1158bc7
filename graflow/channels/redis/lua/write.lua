-- uses index, record, settled, once
-- KEYS: value, index, slot. ARGV: token, key, ttl in ms or '', record.
-- What `commit` does for a single key.

local refused = ARGV[4] ~= 'value' and refusal(KEYS[2])
if refused then
  return refused
end
return happen(function()
  local expires = ARGV[3] ~= '' and deadline(ARGV[3])
  put(KEYS[1], 4, expires)
  index_key(KEYS[2], ARGV[2], expires)
end)
