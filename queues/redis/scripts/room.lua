-- What waits, where it may start, and what room workers have.
-- KEYS     1 the prefix of all keys
-- ARGV     1 time in microseconds, or '' for the server's; 2 how many workers at most, those whose deadline is nearest
--          first
-- Returns  the time; the microsecond at which the first timer is due, '' where none is set; then a list of lane
--          (its descriptor), ready, leased, delayed, the tenant that is next there ('' for none), its tag and its job
--          ('' for none), …; then one of worker, deadline, leases, what is noted of its room (see wake.lua; '' where nothing
--          is), the tier of one of its leases ('' for none), a list of tier, how many jobs it waits for, …, what it could
--          run (see capacity.lua; '' where it is not known)
-- Cost     O(l + w t) for l lanes, w workers, t tiers

-- Tenants of a lane that are looked at to find one that nothing stops.
local TENANTS_LOOKED_AT = 32

local function lanes_told()
  local told, known = {}, call('HGETALL', state_key)
  for index = 1, #known, 2 do
    if #known[index] == 2 then
      local lane = lane_from(known[index], known[index + 1])
      if lane.ready + lane.leased + lane.delayed > 0 then
        local tenant, tag, job
        if lane.ready > 0 then tenant, tag = next_in(lane, TENANTS_LOOKED_AT) end
        if tenant then job = call('ZRANGE', lane.queue .. tenant.id, 0, 0)[1] end
        local count = #told
        told[count + 1], told[count + 2], told[count + 3] = lane.descriptor, lane.ready, lane.leased
        told[count + 4], told[count + 5], told[count + 6] = lane.delayed, tenant and tenant.id or '', tag or 0
        told[count + 7] = job or ''
      end
    end
  end
  return told
end

-- Per tier how many jobs these workers wait for, false for one that waits for none.
local function idle_in(tiers, workers)
  local idle = {}
  for _, tier in ipairs(tiers) do idle[tier] = call('ZMSCORE', prefix .. 'idle:' .. tier, unpack(workers)) end
  return idle
end

local function tier_of(lease)
  local lane = lease and is_lease(lease) and lanes[sub(lease, 26, 27)]
  return lane and lane.tier or ''
end

local function append_workers(told, workers, deadlines, tiers)
  local idle, rooms = idle_in(tiers, workers), call('HMGET', prefix .. 'room', unpack(workers))
  local capacities = call('HMGET', prefix .. 'capacity', unpack(workers))
  for index, worker in ipairs(workers) do
    local waits, held = {}, prefix .. 'held:' .. worker
    for _, tier in ipairs(tiers) do
      local missed = idle[tier][index]
      if missed then waits[#waits + 1], waits[#waits + 2] = tier, tonumber(missed) end
    end
    local count = #told
    told[count + 1], told[count + 2], told[count + 3] = worker, deadlines[index], call('HLEN', held)
    told[count + 4], told[count + 5] = rooms[index] or '', tier_of(call('HRANDFIELD', held, 1, 'WITHVALUES')[2])
    told[count + 6], told[count + 7] = waits, capacities[index] or ''
  end
end

local function workers_told(limit)
  local told, tiers = {}, call('SMEMBERS', prefix .. 'tiers')
  -- In parts, because Lua passes at most 8000 values to a call.
  for first = 0, limit - 1, 1000 do
    local part = call('ZRANGE', prefix .. 'workers', first, min(first + 1000, limit) - 1, 'WITHSCORES')
    local workers, deadlines = {}, {}
    for index = 1, #part, 2 do workers[#workers + 1], deadlines[#deadlines + 1] = part[index], tonumber(part[index + 1]) end
    if #workers > 0 then append_workers(told, workers, deadlines, tiers) end
    if #workers < 1000 then break end
  end
  return told
end

transition('room', 'no-writes', function()
  local limit = whole(ARGV[2])
  if #ARGV ~= 2 or not limit or limit < 1 then return refuse('a look takes a time and a limit') end
  local time = time_of(ARGV[1])
  if not time then return refuse('the time is no number') end
  if not call('HGET', state_key, 'generation') then return lost() end
  local due, told = call('ZRANGE', prefix .. 'timers', 0, 0, 'WITHSCORES'), lanes_told()
  return { time, due[2] and string.format('%d', due[2]) or '', told, workers_told(limit) }
end)
