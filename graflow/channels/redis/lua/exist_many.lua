-- KEYS: values. Returns of each whether it is there.

local found = {}
for i, value in ipairs(KEYS) do
  found[i] = redis.call('EXISTS', value)
end
return found
