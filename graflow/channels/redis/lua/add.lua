-- uses index, numbers, once
-- KEYS: value, index, slot. ARGV: token, key, amount, 'int' or 'float'.
-- Returns the sum as text, or nil if it is not for this script to find: beyond 64 bits, not
-- finite, or to something that is not a number.

return once(function()
  local value = KEYS[1]
  local _, key, amount, kind = unpack(ARGV)
  local held = redis.pcall('GET', value)
  if type(held) == 'table' then
    return false, true
  end
  local text = held or '0'
  local sum
  if kind == 'int' and string.find(text, INT) then
    local reply = redis.pcall('INCRBY', value, amount)
    if type(reply) == 'table' then
      if string.find(reply.err, 'overflow') or string.find(reply.err, 'range') then
        return false, true
      end
      return reply
    end
    sum = redis.call('GET', value) -- the reply of INCRBY has become a double
  else
    sum = float_sum(text, amount)
    if not sum then
      return false, true
    end
    redis.call('SET', value, sum, 'KEEPTTL')
  end
  if not held then
    index_forever(KEYS[2], key)
  end
  return sum
end)
