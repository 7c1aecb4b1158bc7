-- uses index, once
-- KEYS: value, index, slot. ARGV: token, key, amount, 'int' or 'float'.
-- Returns the sum as text, or nil if it is not for this script to find: beyond 64 bits, not
-- finite, or to something that is not a number.

-- The shortest of the texts with 15 to 17 digits that stands for this very double.
local function float_text(number)
  local text
  for digits = 15, 17 do
    text = string.format('%.' .. digits .. 'g', number)
    if tonumber(text) == number then
      break
    end
  end
  return string.find(text, '[.e]') and text or text .. '.0'
end

return once(function()
  local value = KEYS[1]
  local _, key, amount, kind = unpack(ARGV)
  local held = redis.pcall('GET', value)
  if type(held) == 'table' then
    return false, true
  end
  local text = held or '0'
  local sum
  if kind == 'int' and string.find(text, '^%-?%d+$') then
    local reply = redis.pcall('INCRBY', value, amount)
    if type(reply) == 'table' then
      if string.find(reply.err, 'overflow') or string.find(reply.err, 'range') then
        return false, true
      end
      return reply
    end
    sum = redis.call('GET', value) -- the reply of INCRBY has become a double
  elseif string.find(text, '^%-?%d+%.?%d*[eE]?[+-]?%d*$') then
    local total = tonumber(text) + tonumber(amount)
    if total - total ~= 0 then
      return false, true
    end
    sum = float_text(total)
    redis.call('SET', value, sum, 'KEEPTTL')
  else
    return false, true
  end
  if not held then
    index_forever(KEYS[2], key)
  end
  return sum
end)
