-- KEYS: index. ARGV: what stands before a key, how many keys may go at once, how many go if
-- there are more. Returns how many are left.

local index, prefix = KEYS[1], ARGV[1]
local count = redis.call('ZCARD', index)
if count > tonumber(ARGV[2]) then
  count = tonumber(ARGV[3])
end
for first = 0, count - 1, 1000 do
  local values = redis.call('ZRANGE', index, first, math.min(first + 1000, count) - 1)
  for i, key in ipairs(values) do
    values[i] = prefix .. key
  end
  redis.call('UNLINK', unpack(values))
end
redis.call('ZREMRANGEBYRANK', index, 0, count - 1)
return redis.call('ZCARD', index)
