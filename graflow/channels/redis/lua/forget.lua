-- uses late
-- KEYS: slot. ARGV: the number of a change, as in its token. Returns nothing.
-- Its answer has arrived, so only that it happened is kept. Another change's answer stays.

local last = redis.call('GET', KEYS[1])
local token = last and string.match(last, '^%d+:' .. ARGV[1])
if token then
  redis.call('SET', KEYS[1], token .. '-', 'PXAT', end_of(token))
end
