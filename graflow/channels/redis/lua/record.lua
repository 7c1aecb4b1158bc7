-- uses lists
-- Records among the arguments: 'value' and its bytes, or the number of a list's items and the
-- items, or 'digest' and what stands for a list. A list without items is kept as the text `EMPTY`.

local CHUNK = 5000 -- arguments that one call can take, below the limit of Lua's stack
local DIGESTED = 1000 -- items that are hashed at once

-- Store the record that begins at ARGV[at]; return where the next argument is.
local function put(value, at, expires)
  local size = ARGV[at]
  if size == 'value' or size == '0' then
    local data = size == '0' and EMPTY or ARGV[at + 1]
    if expires then
      redis.call('SET', value, data, 'PXAT', expires)
    else
      redis.call('SET', value, data)
    end
    return size == '0' and at + 1 or at + 2
  end
  local last = at + size
  redis.call('UNLINK', value)
  for first = at + 1, last, CHUNK do
    redis.call('RPUSH', value, unpack(ARGV, first, math.min(first + CHUNK - 1, last)))
  end
  if expires then
    redis.call('PEXPIREAT', value, expires)
  end
  return last + 1
end

-- Return what tells a list from all others, where it is too long to be sent along.
local function digest(value)
  local digests = {}
  for first = 0, redis.call('LLEN', value) - 1, DIGESTED do
    local items = redis.call('LRANGE', value, first, first + DIGESTED - 1)
    for i, item in ipairs(items) do
      items[i] = #item .. ':' .. item
    end
    digests[#digests + 1] = redis.sha1hex(table.concat(items))
  end
  return redis.sha1hex(table.concat(digests))
end

-- Tell whether a key holds the record that begins at ARGV[at], and where the next argument is.
local function holds(value, at)
  local size = ARGV[at]
  local data = redis.pcall('GET', value)
  if size == 'none' then
    return data == false, at + 1
  elseif size == 'value' then
    return data == ARGV[at + 1], at + 2
  elseif size == '0' then
    return data == EMPTY, at + 1
  elseif size == 'digest' then
    return type(data) == 'table' and digest(value) == ARGV[at + 1], at + 2
  end
  local next = at + 1 + size
  if type(data) ~= 'table' or redis.call('LLEN', value) ~= next - at - 1 then
    return false, next
  end
  for i, item in ipairs(redis.call('LRANGE', value, 0, -1)) do
    if item ~= ARGV[at + i] then
      return false, next
    end
  end
  return true, next
end
