-- A token begins with the deadline of its change, in seconds since the epoch on the server's
-- clock, as ten digits. After it the network may deliver what it likes: nothing happens any more.
-- A slot ends with the deadline of what it holds. So where there is one with no later deadline,
-- the clock need not be asked.

-- Return when a slot ends that holds this token.
local function end_of(token)
  return string.sub(token, 1, 10) .. '999'
end

-- Return the error with which to refuse a change that comes too late, or nil.
local function lateness(token, last)
  local deadline = string.sub(token, 1, 10)
  if last and string.sub(last, 1, 10) <= deadline then
    return
  end
  local now = redis.call('TIME')[1]
  if deadline - now < 0 then
    return redis.error_reply('LATE ' .. now)
  end
end
