-- KEYS: values. ARGV: how many items all lists together may have.
-- Returns the bytes, the list, or nil of each; or the number of items if there are more.

local found, count = {}, 0
for i, value in ipairs(KEYS) do
  local data = redis.pcall('GET', value)
  if type(data) == 'table' then
    count = count + redis.call('LLEN', value)
    data = count <= tonumber(ARGV[1]) and redis.call('LRANGE', value, 0, -1)
  end
  found[i] = data
end
return count <= tonumber(ARGV[1]) and found or count
