-- The index of a channel: a sorted set of its keys by the time at which they expire, in ms
-- since the epoch, or +inf. It ends with its last key, so a forgotten channel leaves nothing.

local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- The time `ttl` ms from now, as text that keeps every digit.
local function deadline(ttl)
  return string.format('%.0f', now() + ttl)
end

local function index_forever(index, key)
  if redis.call('ZADD', index, 'CH', '+inf', key) == 1 then
    redis.call('PERSIST', index)
  end
end

-- Each key that is entered pays for the removal of two that have expired.
local function index_until(index, key, expires)
  redis.call('ZADD', index, expires, key)
  local past = string.format('(%.0f', now())
  local gone = redis.call('ZRANGEBYSCORE', index, '-inf', past, 'LIMIT', 0, 2)
  if #gone > 0 then
    redis.call('ZREM', index, unpack(gone))
  end
  local last = redis.call('ZRANGE', index, -1, -1, 'WITHSCORES')[2]
  if last ~= 'inf' then
    redis.call('PEXPIREAT', index, last)
  end
end

local function index_key(index, key, expires)
  if expires then
    index_until(index, key, expires)
  else
    index_forever(index, key)
  end
end
