-- The wall clock was set back: what is to happen a while after something has happened does so as if it had not. That is the
-- deadlines of workers, the waits of jobs that are tried again, of gates, and of workers that keep room; of these only what
-- was set while the clock was ahead. What waits for an instant that somebody named goes on to.
-- KEYS     1 the prefix of all keys
-- ARGV     1 time in microseconds, or '' for the server's; 2 by how many microseconds it was set back; 3 how many workers
--          and how many timers are looked at, 0–1000: those due first
-- Returns  how many were moved
-- Cost     O(n log N)

-- Moves the members of a sorted set that `is_moved` says. Returns how many.
local function move_back(key, time, shift, limit, is_moved)
  -- What was set before the clock was is due after the time that it showed then.
  local from, moved = string.format('(%d', time + floor(shift / 2)), {}
  local found = call('ZRANGEBYSCORE', key, from, '+inf', 'WITHSCORES', 'LIMIT', 0, limit)
  for index = 1, #found, 2 do
    if is_moved(found[index]) then
      moved[#moved + 1], moved[#moved + 2] = string.format('%d', max(time, found[index + 1] - shift)), found[index]
    end
  end
  if #moved > 0 then call('ZADD', key, 'XX', unpack(moved)) end
  return #moved / 2
end

-- A gate, a worker that keeps room, or a job that has been tried.
local function is_a_while(name)
  local kind = sub(name, 1, 1)
  if kind == 'g' or kind == 'r' or kind == 'x' then return kind ~= 'x' end
  local record = call('HGET', jobs_key, name)
  return record and is_readable(record) and sub(record, 22, 23) ~= '\0\0'
end

transition('rewind', 'allow-oom', function()
  local shift, limit = whole(ARGV[2]), whole(ARGV[3])
  if #ARGV ~= 3 or not shift or not limit or limit > 1000 then return refuse('a clock is set back by a time, and moves some') end
  local generation, _, time = open(ARGV[1])
  if not time then return refuse('the time is no number') end
  if not generation then return lost() end
  local timers = prefix .. 'timers'
  local count = move_back(prefix .. 'workers', time, shift, limit, function() return true end)
    + move_back(timers, time, shift, limit, is_a_while)
  -- Whoever promotes looks anew when the next is due.
  if count > 0 and call('LLEN', prefix .. 'signals:due') == 0 then call('RPUSH', prefix .. 'signals:due', 'd') end
  return count
end)
