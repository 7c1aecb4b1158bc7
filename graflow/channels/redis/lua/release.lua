-- uses once
-- KEYS: lock, slot. ARGV: token, owner. Returns whether the lock was the owner's.

return once(function()
  local held = redis.call('GET', KEYS[1])
  if held and string.match(held, '^%d+ (.*)$') == ARGV[2] then
    return redis.call('DEL', KEYS[1])
  end
  return 0, true
end)
