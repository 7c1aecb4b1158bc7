-- uses late
-- Every change comes with a slot, which is its last key, and a token, its first argument. The
-- slot keeps the token and the answer of the last change that used it, so when a reply is lost
-- and the client sends the change again, it is answered from there.

-- Marked: an earlier copy of this change may be on its way.
local function token_and_mark()
  local token = ARGV[1]
  if string.byte(token, -1) == 33 then
    return string.sub(token, 1, -2), true
  end
  return token, false
end

-- Let a change that answers nothing happen, if it has not happened yet. Return the error with
-- which to refuse it, if it comes too late.
local function happen(change)
  local slot, token = KEYS[#KEYS], token_and_mark()
  local last = redis.call('SET', slot, token, 'PXAT', end_of(token), 'GET')
  if last == token then
    return
  end
  local late = lateness(token, last)
  if late then
    return late -- and the slot has ended with its deadline
  end
  local done, err = pcall(change)
  if not done then
    redis.call('DEL', slot)
    error(err)
  end
end

-- Return what `change` returns (a number, text, or false for nothing), now or the first time. It
-- returns true as well if it did nothing.
local function once(change)
  local slot, token, again = KEYS[#KEYS], token_and_mark()
  local last = redis.call('GET', slot)
  if last and string.sub(last, 1, #token) == token then
    local kind, answer = string.match(last, '^(.)(.*)$', #token + 1)
    if kind == ':' then
      return tonumber(answer)
    end
    return kind == '$' and answer
  end
  local late = lateness(token, last)
  if late then
    return late
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
  -- Even if nothing was done now, the answer of a marked change must be remembered, lest the
  -- earlier copy does something later.
  if again or not idle then
    redis.call('SET', slot, last, 'PXAT', end_of(token))
  end
  return answer
end
