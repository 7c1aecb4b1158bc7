-- uses line
-- KEYS: line, places. ARGV: owner, ms for which its place is kept; with 0 it leaves the line.
-- Returns how many are before the owner; beyond 20 it says 20.

local line, places = KEYS[1], KEYS[2]
local owner, patience = ARGV[1], ARGV[2]
if patience == '0' then
  leave_line(line, places, owner)
  return 0
end
redis.call('ZADD', line, 'NX', string.format('%.0f', micros()), owner)
redis.call('ZADD', places, string.format('%.0f', micros() / 1000 + patience), owner)
redis.call('PEXPIRE', line, patience)
redis.call('PEXPIRE', places, patience)
first_in_line(line, places)
for i, other in ipairs(redis.call('ZRANGE', line, 0, 19)) do
  if other == owner then
    return i - 1
  end
end
return 20
