-- Declares the queue complete for a generation and raises the floor of its ticks, and so of its tokens.
-- KEYS     1 the prefix of all keys
-- ARGV     1 generation, decimal; 2 token floor, decimal, below 2^53
-- Returns  'OK'
-- Cost     O(1)
transition('install', 'allow-oom', function()
  local token_floor = whole(ARGV[2])
  if #ARGV ~= 2 or not string.match(ARGV[1], '^%d+$') or not token_floor then
    return refuse('a generation and a token floor below 2^53')
  end
  local last = tonumber(call('HGET', state_key, 'tick') or 0)
  call('HSET', state_key, 'generation', ARGV[1], 'tick', string.format('%d', max(last, token_floor)))
  return redis.status_reply('OK')
end)
