-- Tells those who watch jobs that their settlement is committed.
-- KEYS     1 the prefix of all keys
-- ARGV     1 time in microseconds, or '' for the server's; 2 entries that the event log keeps;
--          then per job: id (16 bytes), its final state: 's' succeeded, 'f' failed, 'c' cancelled
-- Returns  how many were announced
-- Cost     O(n)
transition('announce', 'allow-oom', function()
  if #ARGV < 4 or #ARGV % 2 ~= 0 or not whole(ARGV[2]) then return refuse('a job has an id and a state') end
  for index = 3, #ARGV, 2 do
    if #ARGV[index] ~= 16 or not string.find(ARGV[index + 1], '^[sfc]$') then
      return refuse('an id has 16 bytes, a state is s, f or c')
    end
  end
  local generation, last, time = open(ARGV[1])
  if not time then return refuse('the time is no number') end
  if not generation then return lost() end
  local finished, ids = {}, ids_of(3, 2)
  for index, _ in ipairs(ids) do add_run(finished, 'F' .. ARGV[2 * index + 2], ids, index, index) end
  local tick = max(last + 1, time)
  announce(tick, finished, ARGV[2])
  save_state(tick)
  return #ids
end)
