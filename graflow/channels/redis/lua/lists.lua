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
