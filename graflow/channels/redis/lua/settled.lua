-- While a cluster moves the channel to another node, a script on the old node must not make a
-- key that is not there, not even one that it has just deleted: the server stops it half-way.
-- So the scripts that do ask first, with names that no key has, and refuse to begin.

-- Return the error with which to refuse, or nil if the channel is where it belongs.
local function refusal(index)
  local found = redis.pcall('EXISTS', index .. '?', index .. '!')
  if type(found) == 'table' then
    if string.find(found.err, 'non local key') or string.find(found.err, 'rehashing') then
      return redis.error_reply('TRYAGAIN The channel is on its way to another node')
    end
    return found
  end
end
