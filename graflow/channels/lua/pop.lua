-- uses record, once
-- KEYS: value, index, slot. ARGV: token, key, and the item if only that one is to go.
-- Returns the item, nil if there is none, or -1 if the key holds no list.

local before = replay(KEYS[3], ARGV[1])
if before then
  return before
end

if ARGV[3] and redis.pcall('LINDEX', KEYS[1], 0) ~= ARGV[3] then
  return false
end
local item = redis.pcall('LPOP', KEYS[1])
if type(item) == 'table' then
  if not is_wrong_type(item) then
    return item
  end
  return redis.pcall('GET', KEYS[1]) ~= EMPTY and -1
end
if item then
  if redis.call('EXISTS', KEYS[1]) == 0 then
    redis.call('ZREM', KEYS[2], ARGV[2])
  end
  remember(KEYS[3], ARGV[1], item)
end
return item
