-- KEYS: value. ARGV: how many items are many.
-- Returns its bytes, its list, nil, or the number of its items if they are many: a script takes
-- twice as long as LRANGE alone, and blocks the server meanwhile.

local data = redis.pcall('GET', KEYS[1])
if type(data) ~= 'table' then
  return data
end
local items = redis.call('LRANGE', KEYS[1], 0, ARGV[1])
if #items > tonumber(ARGV[1]) then
  return redis.call('LLEN', KEYS[1])
end
return items
