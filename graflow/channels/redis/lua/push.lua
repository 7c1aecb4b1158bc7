-- uses index, lists, settled, once
-- KEYS: value, index, slot. ARGV: token, key, item, ttl in ms or '', RPUSH or LPUSH.
-- Returns the new length, or -1 if the key holds no list.

return once(function()
  local value, index = KEYS[1], KEYS[2]
  local _, key, item, ttl, push = unpack(ARGV)
  local expires = ttl ~= '' and deadline(ttl)
  local length = redis.pcall(push, value, item)
  local kept
  if type(length) == 'table' then
    if not is_wrong_type(length) then
      return length
    end
    local found = instead_of_list(value)
    if found ~= true then
      return found, true
    end
    local refused = refusal(index)
    if refused then
      return refused
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
  return length
end)
