-- uses late
-- The beginning of `push`, which is most of what there is to do: an item for a list that keeps its
-- TTL, without a copy of the change before it. What comes after this would take as long again.

if ARGV[4] == '' and string.byte(ARGV[1], -1) ~= 33 then
  local token, slot = ARGV[1], KEYS[3]
  local last = redis.call('GET', slot)
  if not (last and string.sub(last, 1, #token) == token) then
    local late = lateness(token, last)
    if late then
      return late
    end
    local length = redis.pcall(ARGV[5], KEYS[1], ARGV[3])
    if type(length) == 'number' then
      if length == 1 and redis.call('ZADD', KEYS[2], 'CH', '+inf', ARGV[2]) == 1 then
        redis.call('PERSIST', KEYS[2])
      end
      redis.call('SET', slot, token .. ':' .. length, 'PXAT', end_of(token))
      return length
    end
  end
end
