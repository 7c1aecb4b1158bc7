-- uses record
-- KEYS: values. Returns of each the digest of what it holds, or nil.

local found = {}
for i, value in ipairs(KEYS) do
  local data = redis.pcall('GET', value)
  if type(data) == 'table' then
    found[i] = digest(value)
  elseif data == EMPTY then
    found[i] = redis.sha1hex('')
  else
    found[i] = data and redis.sha1hex(data)
  end
end
return found
