-- Shared: jobs that wait for their time, in `delayed` by the microsecond at which they are due.

-- Adds jobs (time, id, …), and tells whoever promotes them where one of them is due before all others.
local function delay(places)
  if #places == 0 then return end
  local delayed, due = prefix .. 'delayed', prefix .. 'signals:due'
  local first = call('ZRANGE', delayed, 0, 0, 'WITHSCORES')
  call('ZADD', delayed, unpack(places))
  local earliest = tonumber(places[1])
  for index = 3, #places, 2 do earliest = min(earliest, tonumber(places[index])) end
  if (#first == 0 or earliest < tonumber(first[2])) and call('LLEN', due) == 0 then call('RPUSH', due, 'd') end
end
