-- Shared: what is to happen at a time, in `timers` by the microsecond at which it is due: a job (its id) becomes ready, a
-- job ('x' and its id) has to have started, a gate ('g' and its field, see limits.lua) has tokens again, the worker that
-- keeps room in a pool ('r' and the pool's key) has done so for long enough. Whoever promotes sees to them. No identifier
-- of a job begins as these do: it begins with the time, in milliseconds, which would be that of the year 5558 and later.

-- Sets timers (time, what, …), and tells whoever promotes where one of them is due before all others.
local function set_timers(places)
  if #places == 0 then return end
  local timers, due = prefix .. 'timers', prefix .. 'signals:due'
  local first = call('ZRANGE', timers, 0, 0, 'WITHSCORES')
  local earliest = tonumber(places[1])
  for index = 1, #places, 4000 do call('ZADD', timers, unpack(places, index, min(index + 3999, #places))) end
  for index = 3, #places, 2 do earliest = min(earliest, tonumber(places[index])) end
  if (#first == 0 or earliest < tonumber(first[2])) and call('LLEN', due) == 0 then call('RPUSH', due, 'd') end
end

local function drop_timers(names)
  for index = 1, #names, 4000 do
    call('ZREM', prefix .. 'timers', unpack(names, index, min(index + 3999, #names)))
  end
end
