-- uses once, settled
-- KEYS: index, slot. ARGV: token, what stands before a key, how many keys may go at once, how
-- many go if there are more. Returns how many are left.

return once(function()
  local index, prefix = KEYS[1], ARGV[2]
  local refused = refusal(index)
  if refused then
    return refused
  end
  local count = redis.call('ZCARD', index)
  if count == 0 then
    return 0, true
  end
  if count > tonumber(ARGV[3]) then
    count = tonumber(ARGV[4])
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
end)
