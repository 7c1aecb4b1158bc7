-- uses index, record, once
-- KEYS: value, index, slot. ARGV: token, key, old record or 'none', new record.
-- Returns whether the key held the old record and now holds the new one.

if replay(KEYS[3], ARGV[1]) then
  return 1
end

local held, at = holds(KEYS[1], 3)
if not held then
  return 0
end
local expires = redis.call('ZSCORE', KEYS[2], ARGV[2])
if ARGV[3] == 'none' then
  index_forever(KEYS[2], ARGV[2])
  expires = false
end
put(KEYS[1], at, expires and expires ~= 'inf' and expires)
remember(KEYS[3], ARGV[1], '')
return 1
