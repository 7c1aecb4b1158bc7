-- uses once
-- KEYS: value, index, slot. ARGV: token, key.
-- Returns whether the key was there. It leaves the index even if something else removed it.

return once(function()
  local removed = redis.call('UNLINK', KEYS[1])
  local listed = redis.call('ZREM', KEYS[2], ARGV[2])
  return removed, removed + listed == 0
end)
