-- uses index
-- KEYS: index. ARGV: where to go on, how many keys to go through, a pattern. Returns where to go on
-- after that, and those of the keys that fit and have not expired.

local found = redis.call('ZSCAN', KEYS[1], ARGV[1], 'MATCH', ARGV[3], 'COUNT', ARGV[2])
local time = now()
local live = {found[1]}
for at = 1, #found[2], 2 do
  local expires = found[2][at + 1]
  if expires == 'inf' or tonumber(expires) >= time then
    live[#live + 1] = found[2][at]
  end
end
return live
