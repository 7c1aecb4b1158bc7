-- uses lists
-- KEYS: value. ARGV: how many items. Returns the first items, or -1 if the key holds no list.

local items = redis.pcall('LRANGE', KEYS[1], 0, ARGV[1] - 1)
if not items.err or not is_wrong_type(items) then
  return items
end
local found = instead_of_list(KEYS[1])
return found == true and {} or found
