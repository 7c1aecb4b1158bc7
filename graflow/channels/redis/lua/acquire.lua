-- uses line, once
-- KEYS: lock, counter of fences, line, places, slot. ARGV: token, owner, lease in ms,
-- and the least fence if there is one.
-- Returns the fence as text, since it has more digits than once keeps, if the lock is the
-- owner's now. Else returns a space and who holds it, or who is to have it next.

local KEPT = '86400000' -- ms; without the counter a clock that is set back would count

return once(function()
  local _, owner, lease, least = unpack(ARGV)
  local held = redis.call('GET', KEYS[1])
  local fence
  if held then
    local number, holder = string.match(held, '^(%d+) (.*)$')
    if holder ~= owner then
      return ' ' .. holder, true
    end
    fence = tonumber(number)
  else
    local first = first_in_line(KEYS[3], KEYS[4])
    if first and first ~= owner then
      return ' ' .. first, true
    end
    fence = math.max((tonumber(redis.call('GET', KEYS[2]) or 0)) + 1, micros())
    if first then
      leave_line(KEYS[3], KEYS[4], owner)
    end
  end
  local number = string.format('%.0f', math.max(fence, least or 0))
  redis.call('SET', KEYS[1], number .. ' ' .. owner, 'PX', lease)
  redis.call('SET', KEYS[2], number, 'PX', KEPT)
  return number
end)
