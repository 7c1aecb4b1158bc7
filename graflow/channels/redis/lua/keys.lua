-- uses index
-- KEYS: index. Returns the keys that have not expired.

return redis.call('ZRANGEBYSCORE', KEYS[1], string.format('%.0f', now()), '+inf')
