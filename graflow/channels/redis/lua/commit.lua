-- uses lists, numbers, record, once
-- KEYS: index, index of what is kept, values, locks, slot.
-- ARGV: token, how many keys there are, the keys of the values, how many checks there are, the
-- checks, the changes. Each begins with a letter, and names its value or lock by the number of it
-- among KEYS.
-- Returns '=' and the answers, '?' and the number of a check that does not hold, or '!', why a
-- change can't be made, and its number: 'L' for no list, 'N' for no number, 'S' for a sum that is
-- not for this script to find.

local KEPT = '\0='
local SAFE = 1e15 -- ints up to here, and their sums, are exact as doubles
local last = #ARGV
local first_change

local names = {}
for i = 1, tonumber(ARGV[2]) do
  names[i + 2] = ARGV[i + 2]
end

local function index_of(number)
  return string.sub(names[number], 1, 2) == KEPT and KEYS[2] or KEYS[1]
end

local function begins_with(value, at)
  local count = tonumber(ARGV[at])
  local items = redis.pcall('LRANGE', value, 0, count - 1)
  local same = not items.err and #items == count
  for i = 1, same and count or 0 do
    same = same and items[i] == ARGV[at + i]
  end
  return same, at + count + 1
end

local function are_keys(at)
  local count = tonumber(ARGV[at])
  local since = string.format('%.0f', now())
  local same = redis.call('ZCOUNT', KEYS[1], since, '+inf') == count
  for i = 1, same and count or 0 do
    local ends = redis.call('ZSCORE', KEYS[1], ARGV[at + i])
    same = same and ends and (ends == 'inf' or tonumber(ends) >= tonumber(since))
  end
  return same, at + count + 1
end

local function is_free(lock, owner)
  local held = redis.call('GET', lock)
  return not held or string.match(held, '^%d+ (.*)$') == owner
end

-- Return the number of the first check that does not hold, or nil.
local function conflict()
  local at = tonumber(ARGV[2]) + 4
  for i = 1, tonumber(ARGV[at - 1]) do
    local kind, number, good = ARGV[at], tonumber(ARGV[at + 1]), nil
    if kind == 'H' then
      good, at = holds(KEYS[number], at + 2)
    elseif kind == 'S' then
      good, at = begins_with(KEYS[number], at + 2)
    elseif kind == 'K' then
      good, at = are_keys(at + 1)
    else
      good, at = is_free(KEYS[number], ARGV[at + 2]), at + 3
    end
    if not good then
      return i
    end
  end
  first_change = at
end

-- Return where the record that begins at ARGV[at] ends, and how many items it has, or nil and its
-- bytes.
local function measure(at)
  local size = ARGV[at]
  if size == 'value' then
    return at + 2, nil, ARGV[at + 1]
  end
  return at + 1 + size, tonumber(size)
end

local function number_in(text)
  return text and string.find(text, NUMBER) and tonumber(text)
end

-- Return what a key holds, as the trial below notes it.
local function look(value)
  local length, is_empty = length_of(value)
  if type(length) == 'table' then
    return nil, length
  elseif length == -1 then
    return { text = redis.call('GET', value) }
  elseif length == 0 and not is_empty then
    return { is_gone = true }
  end
  return { length = length }
end

local function sum_of(state, amount, kind)
  local text = state.is_gone and '0' or state.text
  if not number_in(text) then
    -- A float that is not finite, and a very large int, are tagged objects.
    return nil, text and string.sub(text, 1, 3) == '{"$' and 'S' or 'N'
  end
  if kind == 'int' and string.find(text, INT) then
    local held, more = tonumber(text), tonumber(amount)
    if math.abs(held) > SAFE or math.abs(more) > SAFE then
      return nil, 'S'
    end
    return string.format('%.0f', held + more)
  end
  local sum = float_sum(text, amount)
  return sum, 'S'
end

-- Make the changes on paper, since what has been done can't be undone. Return the sums by the
-- number of their change, and '!' and so on if a change can't be made, or an error.
local function try()
  local states, sums, at, i = {}, {}, first_change, 0
  while at <= last do
    i = i + 1
    local kind, number = ARGV[at], tonumber(ARGV[at + 1])
    local state = states[number]
    if not state and (kind == 'R' or kind == 'L' or kind == 'O' or kind == 'A') then
      local problem
      state, problem = look(KEYS[number])
      if problem then
        return nil, problem
      end
    end
    if kind == 'P' then
      local length, text
      at, length, text = measure(at + 3)
      state = { length = length, text = text }
    elseif kind == 'R' or kind == 'L' then
      if state.text then
        return nil, '!L' .. i
      end
      state, at = { length = (state.length or 0) + 1 }, at + 4
    elseif kind == 'O' then
      if state.text then
        return nil, '!L' .. i
      end
      local left = (state.length or 0) - 1
      state, at = left > 0 and { length = left } or left == 0 and { is_gone = true } or state, at + 2
    elseif kind == 'A' then
      local sum, why = sum_of(state, ARGV[at + 2], ARGV[at + 3])
      if not sum then
        return nil, '!' .. why .. i
      end
      sums[i] = sum
      state, at = { text = sum }, at + 4
    elseif kind == 'D' then
      state, at = { is_gone = true }, at + 2
    else
      at = at + 3
    end
    states[number] = state
  end
  return sums
end

local function put_record(number, at)
  local value, ttl, expires = KEYS[number], ARGV[at], nil
  local index, key = index_of(number), names[number]
  if ttl == 'keep' then
    local ends = redis.call('EXISTS', value) == 1 and redis.call('ZSCORE', index, key)
    if ends then
      return put(value, at + 1, ends ~= 'inf' and ends)
    end
  elseif ttl ~= '' then
    expires = deadline(ttl)
  end
  index_key(index, key, expires)
  return put(value, at + 1, expires)
end

local function expire(number, ttl)
  local value, index, key = KEYS[number], index_of(number), names[number]
  if ttl == '' then
    local found = redis.call('EXISTS', value)
    if found == 1 then
      redis.call('PERSIST', value)
      redis.call('ZADD', index, '+inf', key)
      redis.call('PERSIST', index)
    end
    return found
  end
  local expires = deadline(ttl)
  local found = redis.call('PEXPIREAT', value, expires)
  if found == 1 then
    index_until(index, key, expires)
  end
  return found
end

-- Make the change that begins at ARGV[at]; return its answer and where the next one begins.
local function make(at, sum)
  local kind, number = ARGV[at], tonumber(ARGV[at + 1])
  local value = KEYS[number]
  if kind == 'P' then
    return '-', put_record(number, at + 2)
  end
  local index, key = index_of(number), names[number]
  if kind == 'R' or kind == 'L' then
    local push = kind == 'R' and 'RPUSH' or 'LPUSH'
    return ':' .. push_item(value, index, key, ARGV[at + 2], ARGV[at + 3], push) .. ';', at + 4
  elseif kind == 'O' then
    local length = length_of(value)
    if length == 0 then
      return '-', at + 2
    end
    local item = pop_item(value, index, key, length)
    return '$' .. #item .. ';' .. item, at + 2
  elseif kind == 'A' then
    if redis.call('EXISTS', value) == 0 then
      index_forever(index, key)
    end
    redis.call('SET', value, sum, 'KEEPTTL')
    return '$' .. #sum .. ';' .. sum, at + 4
  elseif kind == 'D' then
    local removed = redis.call('UNLINK', value)
    redis.call('ZREM', index, key)
    return ':' .. removed .. ';', at + 2
  end
  return ':' .. expire(number, ARGV[at + 2]) .. ';', at + 3
end

return once(function()
  local refused = refusal(KEYS[1])
  if refused then
    return refused
  end
  local broken = conflict()
  if broken then
    return '?' .. broken, true
  end
  local sums, problem = try()
  if problem then
    return problem, true
  end
  if ARGV[first_change] ~= 'P' or ARGV[first_change + 3] ~= 'value' then
    -- A server without memory stops here and no later, as it does at the first value it is to store.
    redis.call('SET', KEYS[#KEYS], '', 'PX', '1000')
  end
  local answers, at = { '=' }, first_change
  while at <= last do
    local answer
    answer, at = make(at, sums[#answers])
    answers[#answers + 1] = answer
  end
  return table.concat(answers)
end)
