-- uses late
-- KEYS: value, index, lock that is the turn to change the key, slot.
-- ARGV: token, key, who may have the turn, old value, new value, 'keep' or ''.
-- What `commit` does for one value that takes the place of another one, with as little around it
-- as can be: most transactions and updates are that. Without 'keep' the key never expires.
-- Returns 1 if it happened, and 0 if the key holds something else, or it is another's turn.

local token, again, slot = ARGV[1], false, KEYS[4]
if string.byte(token, -1) == 33 then
  token, again = string.sub(token, 1, -2), true
end
local last = redis.call('GET', slot)
if last and string.sub(last, 1, #token) == token then
  return tonumber(string.sub(last, #token + 2))
end
local late = lateness(token, last)
if late then
  return late
end
local done = 0
if redis.pcall('GET', KEYS[1]) == ARGV[4] then
  local turn = redis.call('GET', KEYS[3])
  if not turn or string.match(turn, '^%d+ (.*)$') == ARGV[3] then
    if ARGV[6] == 'keep' then
      redis.call('SET', KEYS[1], ARGV[5], 'KEEPTTL')
    else
      redis.call('SET', KEYS[1], ARGV[5])
      if redis.call('ZADD', KEYS[2], 'CH', '+inf', ARGV[2]) == 1 then
        redis.call('PERSIST', KEYS[2])
      end
    end
    done = 1
  end
end
if done == 1 or again then
  redis.call('SET', slot, token .. ':' .. done, 'PXAT', end_of(token))
end
return done
