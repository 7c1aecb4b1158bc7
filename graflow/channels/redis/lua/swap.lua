-- uses index, record, settled, once
-- KEYS: value, index, lock that is the turn to update the key, slot. ARGV: token, key, who may
-- have the turn, old record or 'none', new record.
-- Returns whether the key held the old record and now holds the new one; not in another's turn.

return once(function()
  local turn = redis.call('GET', KEYS[3])
  if turn and string.match(turn, '^%d+ (.*)$') ~= ARGV[3] then
    return 0, true
  end
  local held, at = holds(KEYS[1], 4)
  if not held then
    return 0, true
  end
  local refused = ARGV[at] ~= 'value' and refusal(KEYS[2])
  if refused then
    return refused
  end
  redis.call('SET', KEYS[4], '', 'PX', '1000') -- a server without memory stops here, and no later
  local expires = redis.call('ZSCORE', KEYS[2], ARGV[2])
  if ARGV[4] == 'none' then
    index_forever(KEYS[2], ARGV[2])
    expires = false
  end
  put(KEYS[1], at, expires and expires ~= 'inf' and expires)
  return 1
end)
