-- uses once
-- KEYS: value, index, slot. ARGV: token, key.
-- Returns whether the key was there.

return once(function()
  if redis.call('UNLINK', KEYS[1]) == 0 then
    return 0, true
  end
  redis.call('ZREM', KEYS[2], ARGV[2])
  return 1
end)
