-- uses once
-- KEYS: value, index, slot. ARGV: token, key.
-- Returns whether the key was there.

if replay(KEYS[3], ARGV[1]) then
  return 1
end
local deleted = redis.call('UNLINK', KEYS[1])
if deleted == 1 then
  redis.call('ZREM', KEYS[2], ARGV[2])
  remember(KEYS[3], ARGV[1], '')
end
return deleted
