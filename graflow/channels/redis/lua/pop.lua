-- uses lists, once
-- KEYS: value, index, slot. ARGV: token, key.
-- Returns the item, nil if there is none, or -1 if the key holds no list.

return once(function()
  local length = length_of(KEYS[1])
  if type(length) == 'table' then
    return length
  elseif length < 1 then
    return length == -1 and -1, true
  end
  return pop_item(KEYS[1], KEYS[2], ARGV[2], length)
end)
