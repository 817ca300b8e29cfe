-- Grants ready jobs to a worker, extends its deadline, and notes it as idle where it got fewer than it asked for.
--
-- Tiers are taken in the order given, classes from the greatest. Within a class the tenant with the smallest tag has its
-- turn, over all lanes that the worker has room for and whose gates are open. A turn lasts for one job, or as many as
-- together are expected to use no more than QUANTUM core-milliseconds, and goes on while no other is due.
-- KEYS     1 the prefix of all keys
-- ARGV     1 time in microseconds, or '' for the server's; 2 entries that the event log keeps; 3 worker;
--          4 microseconds until the deadline; 5 how many at most, 0–1000; 6–8 its room: cpu millicores, memory bytes,
--          gpu thousandths; 9… tiers, in order
-- Returns  the deadline in microseconds, then per run of jobs of one lane a list: the lane's descriptor, then per lease:
--          the job's id, its record
-- Cost     O((n + l) log N) for n granted of N ready, l lanes of the tiers; at most TURNS_MAX turns

-- Of the call: what is wanted, what the worker has free, and what it got.
local worker, wanted, cpu, memory, gpu, tick, owner
local granted, turns_given, strays, reply, started, run_of
-- The turn that was given last: its lane and tenant, and how many jobs it got.
local last_lane, last_tenant, last_count

-- How many jobs of a lane the worker and the gates before the lane have room for, at most `most`.
local function room_for(lane, most)
  if lane.cpu > 0 then most = math.min(most, math.floor(cpu / lane.cpu)) end
  if lane.memory > 0 then most = math.min(most, math.floor(memory / lane.memory)) end
  if lane.gpu > 0 then most = math.min(most, math.floor(gpu / lane.gpu)) end
  if is_limited(lane) then
    for _, gate in ipairs(gates_before(lane)) do most = math.min(most, room_behind(gate)) end
  end
  return most
end

-- Takes room for so many more jobs of a tenant in a lane; gives it back where `count` is negative.
local function occupy(lane, pool, tenant, count)
  cpu, memory, gpu = cpu - count * lane.cpu, memory - count * lane.memory, gpu - count * lane.gpu
  count_tenant(pool, tenant, count)
  count_leased(lane, count)
  if is_limited(lane) then
    for _, gate in ipairs(gates_before(lane)) do count_running(gate, count) end
  end
end

-- Whether a job that was taken as ready can be granted. A record that cannot be read goes aside; an entry that points
-- to no job, or to one that is not ready there, is a stray, and is gone with being taken out.
local function is_grantable(job, record)
  if record and not is_readable(record) then
    set_record_aside(job.id, record)
    return false
  end
  return record and byte(record) == 0 and lane_of(record) == job.lane.number and tenant_of(record) == job.tenant.id
end

local function grant(pool, taken)
  if #taken == 0 then return end
  local ids, bodies, holdings = {}, {}, {}
  for index, job in ipairs(taken) do ids[index] = job.id end
  for index, record in ipairs(call('HMGET', jobs_key, unpack(ids))) do
    local job = taken[index]
    local lane, id = job.lane, job.id
    if is_grantable(job, record) then
      record = '\1' .. sub(record, 2, 25) .. pack('>I8', tick + granted) .. owner .. pack('>I8B', job.charge, 0)
        .. sub(record, 26)
      granted = granted + 1
      bodies[#bodies + 1], bodies[#bodies + 2] = id, record
      holdings[#holdings + 1], holdings[#holdings + 2] = id, lane.number .. job.tenant.id
      if not run_of or run_of.lane ~= lane then
        run_of = { lane.descriptor, lane = lane }
        reply[#reply + 1] = run_of
      end
      run_of[#run_of + 1], run_of[#run_of + 2] = id, record
      started[granted] = id .. 'S' .. pack('>H', attempts_made(record) + 1) .. worker
    else
      strays = strays + 1
      occupy(lane, pool, job.tenant, -1)
    end
  end
  if #bodies == 0 then return end
  call('HSET', jobs_key, unpack(bodies))
  call('HSET', prefix .. 'held:' .. worker, unpack(holdings))
end

-- Strings are compared by their bytes, whatever the server's locale.
local function tenant_before(a, b)
  for place = 1, 16 do
    local left, right = byte(a, place), byte(b, place)
    if left ~= right then return left < right end
  end
  return false
end

-- Whose turn comes first: the smaller tag's, then the older lane's, then the smaller tenant's.
local function before(a, b)
  if a.tag ~= b.tag then return a.tag < b.tag end
  if a.lane ~= b.lane then return a.lane.place < b.lane.place end
  return tenant_before(a.id, b.id)
end

-- The tenants with the smallest tags of each lane; and the last of them beyond which there may be others unread.
local function read_turns(in_class)
  -- So few of each that all of them are a handful for one command.
  local count = math.min(wanted - granted, math.ceil(2000 / #in_class))
  local turns, horizon, sources = {}, nil, 0
  for _, lane in ipairs(in_class) do
    lane.moved, lane.left, lane.visited = {}, {}, {}
    if room_for(lane, 1) > 0 then
      local part = call('ZRANGE', lane.key, 0, count - 1, 'WITHSCORES')
      if #part == 0 then set_open(lane, false) else sources = sources + 1 end
      for place = 1, #part, 2 do
        turns[#turns + 1] = { lane = lane, id = part[place], tag = tonumber(part[place + 1]) }
      end
      local last_turn = turns[#turns]
      if #part == 2 * count and (not horizon or before(last_turn, horizon)) then
        horizon = { lane = lane, id = last_turn.id, tag = last_turn.tag }
      end
    end
  end
  if sources > 1 then table.sort(turns, before) end
  return turns, horizon
end

-- Puts a turn back among those from `next` on; not beyond the horizon, where it is found again.
local function put_back(turns, next, turn, horizon)
  if horizon and before(horizon, turn) then return end
  local place = #turns + 1
  while place > next and before(turn, turns[place - 1]) do place = place - 1 end
  table.insert(turns, place, turn)
end

-- Takes a tenant's next jobs for as long as its turn lasts.
local function take(pool, turn, next_turn, horizon, taken)
  local lane, id = turn.lane, turn.id
  local tenant = pool.tenants[id]
  local gate = gate_before(tenant)
  local most = room_for(lane, wanted - granted - #taken)
  if gate then most = math.min(most, room_behind(gate)) end
  local time = lane.average > 0 and lane.average - 1 or AVERAGE_NONE
  local charge, cost, tag = charge_of(lane, time, tenant.weight), charge_of(lane, time, 100), tenant.tag
  local before_this = last_lane == lane and last_tenant == id and last_count or 0
  local count = 0
  repeat
    count = count + 1
    turn.tag = tag + count * charge
    local is_over = (next_turn and not before(turn, next_turn)) or (horizon and before(horizon, turn))
  until count == most or (is_over and (before_this + count) * cost >= QUANTUM)
  local popped = call('ZPOPMIN', queue_key(lane, id), count)
  for place = 1, #popped, 2 do
    taken[#taken + 1] = { id = popped[place], lane = lane, tenant = tenant, charge = charge }
  end
  if #popped < 2 * count then
    count = #popped / 2
    lane.left[id] = true
    if count == 0 then return end
  end
  turn.tag = tag + count * charge
  tenant.tag = turn.tag
  if turn.tag - charge > pool.v then pool.v, pool.v_changed = turn.tag - charge, true end
  occupy(lane, pool, tenant, count)
  count_ready(lane, -count)
  if not lane.visited[id] then
    lane.visited[id] = true
    lane.visited[#lane.visited + 1] = id
  end
  last_lane, last_tenant, last_count = lane, id, before_this + count
end

-- Has tenants found in a lane where they belong now, and those that are out of it, or have no job left there, not.
local function write_turns(lane)
  if #lane.visited > 0 then
    local keys = {}
    for index, id in ipairs(lane.visited) do keys[index] = queue_key(lane, id) end
    if call('EXISTS', unpack(keys)) < #keys then
      for index, id in ipairs(lane.visited) do
        if not lane.left[id] and call('EXISTS', keys[index]) == 0 then lane.left[id] = true end
      end
    end
  end
  local places, gone_ids = {}, {}
  for id, tag in pairs(lane.moved) do
    if not lane.left[id] then places[#places + 1], places[#places + 2] = tag, id end
  end
  for id in pairs(lane.left) do gone_ids[#gone_ids + 1] = id end
  if #places > 0 then call('ZADD', lane.key, unpack(places)) end
  if #gone_ids > 0 then call('ZREM', lane.key, unpack(gone_ids)) end
end

-- Whether this round has taken a tenant's last job of a lane.
local function is_spent(lane, id) return lane.visited[id] and call('EXISTS', queue_key(lane, id)) == 0 end

local function park(lane, id, gate)
  call('SADD', prefix .. 'parked:' .. id, lane.number)
  gate.parked = 1
  note_gate(gate)
  lane.left[id] = true
end

-- One round of turns over the lanes of a class. Returns whether there may be more to take.
local function round(in_class)
  local turns, horizon = read_turns(in_class)
  if #turns == 0 then return false end
  local ids = {}
  for index, turn in ipairs(turns) do ids[index] = turn.id end
  local pool, taken, next, known = load_tenants(in_class[1].pool, ids), {}, 1, strays
  while next <= #turns and granted + #taken < wanted do
    local turn = turns[next]
    local lane, tenant = turn.lane, pool.tenants[turn.id]
    if horizon and before(horizon, turn) then break end
    next, turns_given = next + 1, turns_given + 1
    local gate = gate_before(tenant)
    if lane.left[turn.id] or room_for(lane, 1) == 0 then
      -- Not now.
    elseif (tenant.tag > turn.tag or gate and room_behind(gate) == 0) and is_spent(lane, turn.id) then
      lane.left[turn.id] = true
    elseif tenant.tag > turn.tag then
      last_lane = nil
      turn.tag = tenant.tag
      lane.moved[turn.id] = turn.tag
      put_back(turns, next, turn, horizon)
    elseif gate and room_behind(gate) == 0 then
      last_lane = nil
      park(lane, turn.id, gate)
    else
      take(pool, turn, turns[next], horizon, taken)
      lane.moved[turn.id] = turn.tag
      if not lane.left[turn.id] then put_back(turns, next, turn, horizon) end
    end
  end
  for _, lane in ipairs(in_class) do write_turns(lane) end
  grant(pool, taken)
  return horizon ~= nil or strays > known
end

local function grant_from(tier, packed)
  local numbers, classes, in_order = {}, {}, {}
  for place = 1, #packed, 2 do numbers[#numbers + 1] = sub(packed, place, place + 1) end
  for _, lane in ipairs(lanes_in_order(numbers)) do
    local in_class = classes[lane.class]
    if not in_class then
      in_class = {}
      classes[lane.class] = in_class
      in_order[#in_order + 1] = lane.class
    end
    in_class[#in_class + 1] = lane
    lane.place = #in_class
  end
  table.sort(in_order, function(a, b) return a > b end)
  for _, class in ipairs(in_order) do
    last_lane = nil
    while granted < wanted and turns_given < TURNS_MAX do
      if not round(classes[class]) then break end
    end
  end
end

-- Extends the worker's deadline, and has it woken for what it would still take.
local function note_worker(deadline)
  call('ZADD', prefix .. 'workers', deadline, worker)
  for index = 9, #ARGV do
    local idle = prefix .. 'idle:' .. ARGV[index]
    if granted >= wanted then
      call('ZREM', idle, worker)
    elseif call('ZADD', idle, wanted - granted, worker) == 1 then
      -- Expiry looks for idle workers in the tiers named here.
      call('SADD', prefix .. 'tiers', ARGV[index])
    end
  end
  if granted >= wanted then return end
  call('HSET', prefix .. 'room', worker, pack('>I8I8I8', cpu, memory, gpu))
  -- So many turns brought nothing that the rest is for another call.
  if turns_given >= TURNS_MAX then signal(worker, 'w') end
end

transition('lease', 'allow-oom', function()
  worker, wanted = ARGV[3], whole(ARGV[5])
  cpu, memory, gpu = whole(ARGV[6]), whole(ARGV[7]), whole(ARGV[8])
  local duration = whole(ARGV[4])
  if #ARGV < 9 or #worker ~= 16 or not duration or not wanted or wanted > 1000 or not whole(ARGV[2]) then
    return refuse('a lease names a worker, a duration, a count and tiers')
  end
  if not cpu or not memory or not gpu then return refuse('a room is three numbers') end
  local time = time_of(ARGV[1])
  if not time then return refuse('the time is no number') end
  local fields = { 'generation', 'tick' }
  for index = 9, #ARGV do fields[index - 6] = 'open:' .. ARGV[index] end
  local state = call('HMGET', state_key, unpack(fields))
  if not state[1] then return lost() end

  tick, owner = math.max(tonumber(state[2] or 0) + 1, time), worker .. pack('>I8', time)
  granted, turns_given, strays, reply, started, run_of = 0, 0, 0, { time + duration }, {}, nil
  for index = 9, #ARGV do
    if granted >= wanted then break end
    if state[index - 6] then grant_from(ARGV[index], state[index - 6]) end
  end
  note_worker(time + duration)
  save_tenants()
  save_limits()
  save_state(granted > 0 and tick + granted - 1 or nil)
  announce(tick, started, ARGV[2])
  return reply
end)
