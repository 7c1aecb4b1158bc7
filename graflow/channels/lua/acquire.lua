-- KEYS: lock, counter of fences. ARGV: owner, lease in ms.
-- Returns the fence if the lock is the owner's now, else the name of its owner.

local held = redis.call('GET', KEYS[1])
local fence
if held then
  local number, owner = string.match(held, '^(%d+) (.*)$')
  if owner ~= ARGV[1] then
    return owner
  end
  fence = tonumber(number)
else
  fence = redis.call('INCR', KEYS[2])
end
redis.call('SET', KEYS[1], string.format('%.0f %s', fence, ARGV[1]), 'PX', ARGV[2])
return fence
