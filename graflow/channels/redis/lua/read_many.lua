-- KEYS: values. ARGV: how many items all lists together may have.
-- Returns of each its bytes, its list or nil, and the ms that it has left as PTTL says; or the
-- number of items if there are more.

local found, count = {}, 0
for i, value in ipairs(KEYS) do
  local data = redis.pcall('GET', value)
  if type(data) == 'table' then
    count = count + redis.call('LLEN', value)
    data = count <= tonumber(ARGV[1]) and redis.call('LRANGE', value, 0, -1)
  end
  found[2 * i - 1] = data
  found[2 * i] = redis.call('PTTL', value)
end
return count <= tonumber(ARGV[1]) and found or count
