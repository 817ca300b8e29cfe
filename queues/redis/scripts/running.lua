-- What workers could run, and what they run: a part of them, those whose deadlines are nearest first.
-- KEYS     1 the prefix of all keys
-- ARGV     1 how many workers to pass over; 2 how many to tell of, 1–1000
-- Returns  a list of the number of a lane and its descriptor, …, of the lanes of which any job runs; then per worker: its
--          id, its deadline, what it could run (see capacity.lua, '' where it is not known), its place ('' likewise), a list of
--          job id and lease, …
-- Cost     O(l + w + n) for l lanes, w workers, n leases of theirs

local function lanes_running()
  local told, known = {}, call('HGETALL', state_key)
  for index = 1, #known, 2 do
    if #known[index] == 2 then
      local lane = lane_from(known[index], known[index + 1])
      if lane.leased > 0 then told[#told + 1], told[#told + 2] = lane.number, lane.descriptor end
    end
  end
  return told
end

transition('running', 'no-writes', function()
  local first, count = whole(ARGV[1]), whole(ARGV[2])
  if #ARGV ~= 2 or not first or not count or count < 1 or count > 1000 then
    return refuse('a look at workers takes a place and a count')
  end
  if not call('HGET', state_key, 'generation') then return lost() end
  local reply = { lanes_running() }
  local part = call('ZRANGE', prefix .. 'workers', first, first + count - 1, 'WITHSCORES')
  for index = 1, #part, 2 do
    local worker, size = part[index], #reply
    reply[size + 1], reply[size + 2] = worker, tonumber(part[index + 1])
    reply[size + 3] = call('HGET', prefix .. 'capacity', worker) or ''
    reply[size + 4] = call('HGET', prefix .. 'places', worker) or ''
    reply[size + 5] = call('HGETALL', prefix .. 'held:' .. worker)
  end
  return reply
end)
