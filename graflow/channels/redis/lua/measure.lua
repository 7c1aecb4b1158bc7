-- uses lists
-- KEYS: values. ARGV: how many items to look at. Returns of each the bytes of what it holds, or an
-- estimate by the first items of a list; the number of items, or -1; and what PTTL says.

local found = {}
for i, value in ipairs(KEYS) do
  local size, items = redis.pcall('STRLEN', value), -1
  if type(size) == 'table' then
    if not is_wrong_type(size) then
      return size
    end
    items, size = redis.call('LLEN', value), 0
    local some = redis.call('LRANGE', value, 0, ARGV[1] - 1)
    for _, item in ipairs(some) do
      size = size + #item
    end
    size = math.floor(size * items / #some)
  elseif size == #EMPTY and redis.call('GET', value) == EMPTY then
    size, items = 0, 0
  end
  found[3 * i - 2], found[3 * i - 1], found[3 * i] = size, items, redis.call('PTTL', value)
end
return found
