-- uses lists, once
-- KEYS: value, index, slot. ARGV: token, key, and the item if only that one is to go.
-- Returns the item (1 if it was given), nil if there is none, or -1 if the key holds no list.

return once(function()
  local value = KEYS[1]
  local length = redis.pcall('LLEN', value)
  if type(length) == 'table' then
    if not is_wrong_type(length) then
      return length
    end
    local found = instead_of_list(value)
    return found ~= true and found, true
  end
  if length == 0 or ARGV[3] and redis.call('LINDEX', value, 0) ~= ARGV[3] then
    return false, true
  end
  local item = redis.call('LPOP', value)
  if length == 1 then
    redis.call('ZREM', KEYS[2], ARGV[2])
  end
  return ARGV[3] and 1 or item
end)
