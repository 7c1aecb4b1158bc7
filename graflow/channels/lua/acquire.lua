-- uses once
-- KEYS: lock, counter of fences, slot. ARGV: token, owner, lease in ms.
-- Returns the fence if the lock is the owner's now, else the name of its owner.

return once(function()
  local owner = ARGV[2]
  local held = redis.call('GET', KEYS[1])
  local fence
  if held then
    local number, holder = string.match(held, '^(%d+) (.*)$')
    if holder ~= owner then
      return holder, true
    end
    fence = tonumber(number)
  else
    fence = redis.call('INCR', KEYS[2])
  end
  redis.call('SET', KEYS[1], string.format('%.0f %s', fence, owner), 'PX', ARGV[3])
  return fence
end)
