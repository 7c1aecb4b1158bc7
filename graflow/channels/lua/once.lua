-- Every write that must not happen twice comes with a slot and a token. The slot keeps the
-- token and the result of the last write that used it, so when a reply is lost and the client
-- sends the write again, it is answered from there.

local WINDOW = 120000 -- ms; longer than any client keeps trying

local function replay(slot, token)
  local last = redis.call('GET', slot)
  if last and string.sub(last, 1, #token) == token then
    return string.sub(last, #token + 1)
  end
end

local function remember(slot, token, result)
  redis.call('SET', slot, token .. result, 'PX', WINDOW)
end
