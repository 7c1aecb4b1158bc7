-- uses index, record, once
-- KEYS: value, index, slot. ARGV: token, key, item, ttl in ms or '', RPUSH or LPUSH.
-- Returns the new length, or -1 if the key holds no list.

local value, index = KEYS[1], KEYS[2]
local token, key, item, ttl, push = unpack(ARGV)

local before = replay(KEYS[3], token)
if before then
  return tonumber(before)
end

local expires = ttl ~= '' and deadline(ttl)
local length = redis.pcall(push, value, item)
local kept
if type(length) == 'table' then
  if not is_wrong_type(length) then
    return length
  end
  if redis.pcall('GET', value) ~= EMPTY then
    return -1
  end
  kept = redis.call('ZSCORE', index, key)
  redis.call('DEL', value)
  length = redis.call(push, value, item)
end
if expires then
  redis.call('PEXPIREAT', value, expires)
  index_until(index, key, expires)
elseif kept and kept ~= 'inf' then
  redis.call('PEXPIREAT', value, kept)
elseif length == 1 then
  index_forever(index, key)
end
remember(KEYS[3], token, length)
return length
