-- uses index, record, settled, once
-- KEYS: value, index, slot. ARGV: token, key, old record or 'none', new record.
-- Returns whether the key held the old record and now holds the new one.

return once(function()
  local held, at = holds(KEYS[1], 3)
  if not held then
    return 0, true
  end
  local refused = ARGV[at] ~= 'value' and refusal(KEYS[2])
  if refused then
    return refused
  end
  redis.call('SET', KEYS[3], '', 'PX', '1000') -- a server without memory stops here, and no later
  local expires = redis.call('ZSCORE', KEYS[2], ARGV[2])
  if ARGV[3] == 'none' then
    index_forever(KEYS[2], ARGV[2])
    expires = false
  end
  put(KEYS[1], at, expires and expires ~= 'inf' and expires)
  return 1
end)
