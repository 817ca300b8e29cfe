-- The wall clock was set back: what is to happen a while after something has happened does so as if it had not. That is the
-- deadlines of workers, the waits of jobs that are tried again, of gates, and of workers that keep room: those that are due
-- after the time that the clock showed before, which is what was set while it was ahead, and longer waits that were not: these
-- become shorter by as much. Deadlines may have been over for a while before: those are moved that are further off than half of
-- that, which no worker is given. What waits for an instant that somebody named goes on to. It is asked about one page after the
-- other.
-- KEYS     1 the prefix of all keys
-- ARGV     1 time in microseconds, or '' for the server's; 2 by how many microseconds it was set back; 3 'workers' or 'timers';
--          4 how many of those that may be meant are passed over, the first due first; 5 how many are looked at, 1–1000; 6 how
--          many microseconds ago it was at most
-- Returns  how many were looked at; how many of these were moved; how many of these will be passed over with the next page
-- Cost     O(n log N)

-- A gate, a worker that keeps room, or a job that has been tried.
local function is_a_while(name)
  local kind = sub(name, 1, 1)
  if kind == 'g' or kind == 'r' or kind == 'x' then return kind ~= 'x' end
  local record = call('HGET', jobs_key, name)
  return record and is_readable(record) and sub(record, 22, 23) ~= '\0\0'
end

transition('rewind', 'allow-oom', function()
  local shift, which, passed, limit, late = whole(ARGV[2]), ARGV[3], whole(ARGV[4]), whole(ARGV[5]), whole(ARGV[6])
  if #ARGV ~= 6 or not shift or which ~= 'workers' and which ~= 'timers' or not passed or not limit or limit < 1 or limit > 1000
    or not late
  then
    return refuse('a clock is set back by a time, and moves workers or timers')
  end
  local generation, _, time = open(ARGV[1])
  if not time then return refuse('the time is no number') end
  if not generation then return lost() end
  local half = floor(shift / 2)
  local key, from, moved, stay = prefix .. which, time + (which == 'workers' and half or max(shift - late, half)), {}, 0
  local found = call(
    'ZRANGEBYSCORE', key, string.format('(%d', from), '+inf', 'WITHSCORES', 'LIMIT', ARGV[4], ARGV[5])
  for index = 1, #found, 2 do
    local is_moved = which == 'workers' or is_a_while(found[index])
    local due = is_moved and max(time, found[index + 1] - shift) or from + 1
    if is_moved then moved[#moved + 1], moved[#moved + 2] = string.format('%d', due), found[index] end
    if due > from then stay = stay + 1 end
  end
  if #moved > 0 then
    call('ZADD', key, 'XX', unpack(moved))
    -- Whoever promotes looks anew when the next is due.
    if call('LLEN', prefix .. 'signals:due') == 0 then call('RPUSH', prefix .. 'signals:due', 'd') end
  end
  return { #found / 2, #moved / 2, stay }
end)
