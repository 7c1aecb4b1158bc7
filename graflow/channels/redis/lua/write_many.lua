-- uses index, record, settled, once
-- KEYS: index, values, slot. ARGV: token, ttl in ms or '', and for each value its key and record.

local refused = refusal(KEYS[1])
if refused then
  return refused
end
return happen(function()
  local expires = ARGV[2] ~= '' and deadline(ARGV[2])
  local at = 3
  for i = 2, #KEYS - 1 do
    local key = ARGV[at]
    at = put(KEYS[i], at + 1, expires)
    index_key(KEYS[1], key, expires)
  end
end)
