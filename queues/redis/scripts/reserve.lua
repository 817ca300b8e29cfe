-- Has a worker keep what it has free for a job of a lane, whoever is due: one for which others are being ended there.
-- KEYS     1 the prefix of all keys
-- ARGV     1 time in microseconds, or '' for the server's; 2 worker; 3 the lane's descriptor; 4 microseconds for which it
--          does, at most
-- Returns  1 if it does; 0 where the worker is not known, no job is ready in the lane, or room is reserved for another in
--          the lane's pool
-- Cost     O(log N) for N timers
transition('reserve', 'allow-oom', function()
  local duration = whole(ARGV[4])
  if #ARGV ~= 4 or #ARGV[2] ~= 16 or not duration or not is_descriptor(ARGV[3]) then
    return refuse('a reservation names a worker, a lane and a duration')
  end
  local generation, _, time = open(ARGV[1])
  if not time then return refuse('the time is no number') end
  if not generation then return lost() end
  local number = call('HGET', state_key, ARGV[3])
  if not number or not call('ZSCORE', prefix .. 'workers', ARGV[2]) then return 0 end
  load_lanes({ number })
  local is_kept = lanes[number] and lanes[number].ready > 0 and reserve_room(lanes[number], ARGV[2], time, time + duration)
  save_state()
  return is_kept and 1 or 0
end)
