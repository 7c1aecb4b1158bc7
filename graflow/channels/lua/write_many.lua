-- uses index, record
-- KEYS: index, values. ARGV: ttl in ms or '', and for each value its key and its record.

local expires = ARGV[1] ~= '' and deadline(ARGV[1])
local at = 2
for i = 2, #KEYS do
  local key = ARGV[at]
  at = put(KEYS[i], at + 1, expires)
  index_key(KEYS[1], key, expires)
end
