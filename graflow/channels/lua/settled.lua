-- While a cluster moves the channel to another node, a script on the old node must not make a
-- key that is not there, not even one that it has just deleted: the server stops it half-way.
-- So the scripts that do ask first, with names that no key has, and refuse to begin.

local function settled(index)
  return type(redis.pcall('EXISTS', index .. '?', index .. '!')) == 'number'
end

local function moving()
  return redis.error_reply('TRYAGAIN The channel is on its way to another node')
end
