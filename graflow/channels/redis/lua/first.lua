-- uses lists
-- KEYS: value. Returns the first item, nil if there is none, or -1 if the key holds no list.

local item = redis.pcall('LINDEX', KEYS[1], 0)
if type(item) ~= 'table' or not is_wrong_type(item) then
  return item
end
local found = instead_of_list(KEYS[1])
return found ~= true and found
