-- KEYS: values. Returns the bytes, the list, or nil of each.

local found = {}
for i, value in ipairs(KEYS) do
  local data = redis.pcall('GET', value)
  if type(data) == 'table' then
    data = redis.call('LRANGE', value, 0, -1)
  end
  found[i] = data
end
return found
