-- uses index, record
-- KEYS: value, index. ARGV: key, ttl in ms or '', record.

local expires = ARGV[2] ~= '' and deadline(ARGV[2])
put(KEYS[1], 3, expires)
index_key(KEYS[2], ARGV[1], expires)
