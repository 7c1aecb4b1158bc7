-- A token begins with the deadline of its change, in seconds since the epoch on the server's
-- clock, as ten digits. After it the network may deliver what it likes: nothing happens any more.

-- Return the error with which to refuse a change that comes too late, or nil.
local function lateness(token)
  local now = redis.call('TIME')[1]
  if string.sub(token, 1, 10) - now < 0 then
    return redis.error_reply('LATE ' .. now)
  end
end
