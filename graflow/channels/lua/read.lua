-- KEYS: value. Returns its bytes, its list, or nil.

local data = redis.pcall('GET', KEYS[1])
if type(data) == 'table' then
  return redis.call('LRANGE', KEYS[1], 0, -1)
end
return data
