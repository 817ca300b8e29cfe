-- Ends the deadlines of workers that are known to be dead: whoever expires next ends their leases.
-- KEYS     1 the prefix of all keys
-- ARGV     1 time in microseconds, or '' for the server's; 2… the workers
-- Returns  how many of them were waited for
-- Cost     O(n log W) for n of W workers
transition('dead', 'allow-oom', function()
  local workers = ids_of(2, 1)
  if not workers or #workers == 0 or #workers > 1000 then return refuse('a worker has 16 bytes') end
  local generation, _, time = open(ARGV[1])
  if not time then return refuse('the time is no number') end
  if not generation then return lost() end
  local places = {}
  for index = 1, #workers do
    places[2 * index - 1], places[2 * index] = string.format('%d', time), workers[index]
  end
  return call('ZADD', prefix .. 'workers', 'XX', 'LT', 'CH', unpack(places))
end)
