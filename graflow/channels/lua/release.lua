-- uses once
-- KEYS: lock, slot. ARGV: token, owner. Returns whether the lock was the owner's.

if replay(KEYS[2], ARGV[1]) then
  return 1
end
local held = redis.call('GET', KEYS[1])
if held and string.match(held, '^%d+ (.*)$') == ARGV[2] then
  remember(KEYS[2], ARGV[1], '')
  return redis.call('DEL', KEYS[1])
end
return 0
