-- uses index, settled
-- Lists on the server. One without items is kept as the text '[]', since Redis has no empty list.

local EMPTY = '[]'

-- Tell whether a command failed for the type of the key, and not for want of memory or rights.
local function is_wrong_type(reply)
  return string.find(reply.err, 'WRONGTYPE', 1, true) ~= nil
end

-- Tell what a list operation on a key that holds no list comes to: true if that is the empty
-- list, the word `-1` if it is another value, or an error if graflow did not write it.
local function instead_of_list(value)
  local text = redis.pcall('GET', value)
  if type(text) == 'table' then
    return text
  end
  return text == EMPTY or -1
end

-- Return how many items the list has, 0 without one, -1 if there is something else, or an error;
-- and whether there is a list without items.
local function length_of(value)
  local length = redis.pcall('LLEN', value)
  if type(length) ~= 'table' then
    return length, false
  elseif not is_wrong_type(length) then
    return length, false
  end
  local found = instead_of_list(value)
  if found == true then
    return 0, true
  end
  return found, false
end

-- Add an item to a list with RPUSH or LPUSH; without a `ttl` in ms the key keeps its own. Return
-- the new length, -1 if the key holds no list, or an error.
local function push_item(value, index, key, item, ttl, push)
  local length = redis.pcall(push, value, item)
  local kept
  if type(length) == 'table' then
    if not is_wrong_type(length) then
      return length
    end
    local found = instead_of_list(value)
    if found ~= true then
      return found
    end
    local refused = refusal(index)
    if refused then
      return refused
    end
    kept = redis.call('ZSCORE', index, key)
    redis.call('DEL', value)
    length = redis.call(push, value, item)
  end
  if ttl ~= '' then
    local expires = deadline(ttl)
    redis.call('PEXPIREAT', value, expires)
    index_until(index, key, expires)
  elseif kept and kept ~= 'inf' then
    redis.call('PEXPIREAT', value, kept)
  elseif length == 1 then
    index_forever(index, key)
  end
  return length
end

-- Remove the first of `length` items, which is 1 at least, and return it.
local function pop_item(value, index, key, length)
  local item = redis.call('LPOP', value)
  if length == 1 then
    redis.call('ZREM', index, key)
  end
  return item
end
