-- Says what an operator wants of the order.
-- KEYS     1 the prefix of all keys
-- ARGV     1 microseconds after which room is kept for a job, 0 for never; 2 microseconds for which a worker keeps it
--          before it is asked again; 3 microseconds after which a class that is passed over has a turn, 0 for never;
--          4 milliseconds of waiting that count as one of priority, 0 for none
-- Returns  'OK'
-- Cost     O(1)
transition('tune', 'allow-oom', function()
  local numbers = {}
  for index = 1, 4 do
    numbers[index] = whole(ARGV[index])
    if not numbers[index] then return refuse('a policy is four numbers') end
  end
  if #ARGV ~= 4 or numbers[2] < 1 then return refuse('a policy is four numbers') end
  call('HSET', state_key, 'policy', pack('>I8I8I8I8', unpack(numbers)))
  return redis.status_reply('OK')
end)
