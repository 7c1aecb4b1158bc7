-- uses line, once
-- KEYS: lock, line, places, slot. ARGV: token, owner.
-- Returns whether the lock was the owner's. One who waits for it waits no longer.

return once(function()
  local held = redis.call('GET', KEYS[1])
  if held and string.match(held, '^%d+ (.*)$') == ARGV[2] then
    return redis.call('DEL', KEYS[1])
  end
  leave_line(KEYS[2], KEYS[3], ARGV[2])
  return 0, true
end)
