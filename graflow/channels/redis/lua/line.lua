-- The line of those who wait for a lock, in two sorted sets of their names: by the time in µs at
-- which they came, and by the time in ms until which they keep their places. Both end with the
-- last of those who wait.

local function micros()
  local time = redis.call('TIME')
  return time[1] * 1000000 + time[2]
end

local function leave_line(line, places, owner)
  if redis.call('ZREM', line, owner) == 1 then
    redis.call('ZREM', places, owner)
  end
end

-- Return who is to have the lock next, or nil if nobody waits.
local function first_in_line(line, places)
  if redis.call('EXISTS', line) == 0 then
    return nil
  end
  local past = string.format('%.0f', micros() / 1000)
  for _, owner in ipairs(redis.call('ZRANGEBYSCORE', places, '-inf', past)) do
    leave_line(line, places, owner)
  end
  return redis.call('ZRANGE', line, 0, 0)[1]
end
