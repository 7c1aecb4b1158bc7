-- uses late
-- KEYS: value, index, slot. ARGV: token, key, bytes.
-- What `write` does for a single value that does not expire, with as little around it as can be:
-- this is the most common of all changes.

local token = ARGV[1]
if string.byte(token, -1) == 33 then
  token = string.sub(token, 1, -2)
end
local last = redis.call('SET', KEYS[3], token, 'PXAT', end_of(token), 'GET')
if last ~= token then
  local late = lateness(token, last)
  if late then
    return late
  end
  local done = redis.pcall('SET', KEYS[1], ARGV[3])
  local new = not done.err and redis.pcall('ZADD', KEYS[2], 'CH', '+inf', ARGV[2])
  if new == 1 then
    redis.call('PERSIST', KEYS[2])
  elseif new ~= 0 then
    redis.call('DEL', KEYS[3]) -- refused, so a retry is not to be answered as done
    return new or done
  end
end
