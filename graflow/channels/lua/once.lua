-- Every change comes with a slot, which is its last key, and a token, its first argument. The
-- slot keeps the token and the answer of the last change that used it, so when a reply is lost
-- and the client sends the change again, it is answered from there.

local WINDOW = '120000' -- ms; longer than any client keeps trying, and any network a late copy

-- Let a change that answers nothing happen, if it has not happened yet.
local function happen(change)
  local slot, token = KEYS[#KEYS], ARGV[1]
  if string.byte(token, -1) == 33 then
    token = string.sub(token, 1, -2)
  end
  if redis.call('SET', slot, token, 'PX', WINDOW, 'GET') ~= token then
    local done, err = pcall(change)
    if not done then
      redis.call('DEL', slot)
      error(err)
    end
  end
end

-- Return what `change` returns (a number, text, or false for nothing), now or the first time. It
-- returns true as well if it did nothing.
local function once(change)
  local slot, token = KEYS[#KEYS], ARGV[1]
  -- Marked: an earlier copy of this change may be on its way. Even if nothing is done now, the
  -- answer must be remembered, lest that copy does something later.
  local again = string.byte(token, -1) == 33
  if again then
    token = string.sub(token, 1, -2)
  end
  local last = redis.call('GET', slot)
  if last and string.sub(last, 1, #token) == token then
    local kind, answer = string.match(last, '^(.)(.*)$', #token + 1)
    if kind == ':' then
      return tonumber(answer)
    end
    return kind == '$' and answer
  end
  local answer, idle = change()
  if not answer then
    last = token .. '-'
  elseif type(answer) == 'string' then
    last = token .. '$' .. answer
  elseif type(answer) == 'number' then
    last = token .. ':' .. answer
  else
    return answer -- an error
  end
  if again or not idle then
    redis.call('SET', slot, last, 'PX', WINDOW)
  end
  return answer
end
