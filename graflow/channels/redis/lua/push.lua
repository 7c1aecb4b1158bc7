-- uses appended, lists, once
-- KEYS: value, index, slot. ARGV: token, key, item, ttl in ms or '', RPUSH or LPUSH.
-- Returns the new length, or -1 if the key holds no list.

return once(function()
  local length = push_item(KEYS[1], KEYS[2], ARGV[2], ARGV[3], ARGV[4], ARGV[5])
  return length, length == -1
end)
