-- The beginning of a script whose change is fenced. KEYS: ..., slot, fence. ARGV: token, ..., what
-- the fence must hold. A change that has happened already is answered all the same.

local function is_answered()
  local token = ARGV[1]
  if string.byte(token, -1) == 33 then
    token = string.sub(token, 1, -2)
  end
  local last = redis.call('GET', KEYS[#KEYS])
  return last and string.sub(last, 1, #token) == token
end

do
  local fence, number = table.remove(KEYS), table.remove(ARGV)
  if redis.call('GET', fence) ~= number and not is_answered() then
    return redis.error_reply('FENCED')
  end
end
