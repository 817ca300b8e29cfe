#!lua flags=allow-oom
-- Grants ready jobs to a worker, extends its deadline, and notes it as idle where it got fewer than it asked for.
--
-- Tiers are taken in the order given, classes from the greatest, and within a class the tenant with the smallest tag
-- has its turn, one job at a time, over all lanes that the worker has room for and whose gates are open.
-- KEYS     1 the prefix of all keys
-- ARGV     1 time in microseconds, or '' for the server's; 2 entries that the event log keeps; 3 worker;
--          4 microseconds until the deadline; 5 how many at most, 0–1000; 6–8 its room: cpu millicores, memory bytes,
--          gpu thousandths; 9… tiers, in order
-- Returns  the deadline in microseconds, then per lane and turn a list: the lane's descriptor, then per lease: the
--          job's id, its record
-- Cost     O((n + l) log N) for n granted of N ready, l lanes of the tiers; at most VISITS_MAX turns
local worker, duration, wanted = ARGV[3], whole(ARGV[4]), whole(ARGV[5])
local cpu, memory, gpu = whole(ARGV[6]), whole(ARGV[7]), whole(ARGV[8])
if #ARGV < 9 or #worker ~= 16 or not duration or not wanted or wanted > 1000 or not whole(ARGV[2]) then
  return refuse('a lease names a worker, a duration, a count and tiers')
end
if not cpu or not memory or not gpu then return refuse('a room is three numbers') end
local generation, last, time = open(ARGV[1])
if not time then return refuse('the time is no number') end
if not generation then return lost() end

local deadline, tick, granted, visits, strays = time + duration, math.max(last + 1, time), 0, 0, 0
local reply, events, group = { deadline }, {}, nil
local owner, held = worker .. struct.pack('>I8', time), prefix .. 'held:' .. worker

-- How many jobs of a lane the worker and the gates before the lane have room for, at most `most`.
local function room_for(lane, most)
  most = math.min(most, room_behind(gates[lane.tier_gate]), room_behind(gates[lane.capability_gate]))
  if lane.cpu > 0 then most = math.min(most, math.floor(cpu / lane.cpu)) end
  if lane.memory > 0 then most = math.min(most, math.floor(memory / lane.memory)) end
  if lane.gpu > 0 then most = math.min(most, math.floor(gpu / lane.gpu)) end
  return most
end

-- Takes room for so many more jobs of a tenant in a lane; gives it back where `count` is negative.
local function occupy(lane, tenant, count)
  cpu, memory, gpu = cpu - count * lane.cpu, memory - count * lane.memory, gpu - count * lane.gpu
  count_running(gates['t' .. tenant], count)
  count_running(gates[lane.capability_gate], count)
  count_running(gates[lane.tier_gate], count)
  lane.taken = lane.taken + count
end

-- Whether a job that was taken as ready can be granted. A record that cannot be read goes aside; an entry that points
-- to no job, or to one that is not ready there, is a stray, and is gone with being taken out.
local function is_grantable(job, record)
  if record and not is_readable(record) then
    set_record_aside(job.id, record)
    return false
  end
  return record and byte(record) == 0 and lane_of(record) == job.lane.number and tenant_of(record) == job.tenant
end

local function grant(taken)
  if #taken == 0 then return end
  local ids, bodies, holdings = {}, {}, {}
  for index, job in ipairs(taken) do ids[index] = job.id end
  for index, record in ipairs(call('HMGET', jobs_key, unpack(ids))) do
    local job = taken[index]
    local lane, id = job.lane, job.id
    lane.popped = lane.popped + 1
    if is_grantable(job, record) then
      record = '\1' .. sub(record, 2, 25) .. struct.pack('>I8', tick + granted) .. owner
        .. struct.pack('>I8', job.charge) .. sub(record, 26)
      granted = granted + 1
      bodies[#bodies + 1], bodies[#bodies + 2] = id, record
      holdings[#holdings + 1], holdings[#holdings + 2] = id, lane.number .. job.tenant
      if not group or group.lane ~= lane then
        group = { lane.descriptor, lane = lane }
        reply[#reply + 1] = group
      end
      group[#group + 1], group[#group + 2] = id, record
      events[granted] = id .. 'S' .. struct.pack('>H', attempts_made(record) + 1) .. worker
    else
      strays = strays + 1
      occupy(lane, job.tenant, -1)
    end
  end
  if #bodies == 0 then return end
  call('HSET', jobs_key, unpack(bodies))
  call('HSET', held, unpack(holdings))
end

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
  return tenant_before(a.tenant, b.tenant)
end

-- The tenants with the smallest tags of each lane; and the last of them beyond which there may be others unread.
local function read_turns(lanes)
  -- So few of each that all of them are a handful for one command.
  local count = math.min(wanted - granted, math.ceil(2000 / #lanes))
  local turns, horizon, sources = {}, nil, 0
  for _, lane in ipairs(lanes) do
    lane.moved, lane.left, lane.visited = {}, {}, {}
    if room_for(lane, 1) > 0 then
      local part = call('ZRANGE', lane.key, 0, count - 1, 'WITHSCORES')
      if #part == 0 then call('ZREM', prefix .. 'open:' .. lane.tier, lane.number) else sources = sources + 1 end
      for place = 1, #part, 2 do
        turns[#turns + 1] = { lane = lane, tenant = part[place], tag = tonumber(part[place + 1]) }
      end
      local last_turn = turns[#turns]
      if #part == 2 * count and (not horizon or before(last_turn, horizon)) then
        horizon = { lane = lane, tenant = last_turn.tenant, tag = last_turn.tag }
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

-- The tags of the tenants whose turns these are, as far as they are not known.
local function read_tags(pool, tags, turns)
  local missing, fields = {}, {}
  for _, turn in ipairs(turns) do
    if not tags[turn.tenant] then
      tags[turn.tenant] = 0
      missing[#missing + 1] = turn.tenant
      fields[#fields + 1] = 't' .. turn.tenant
    end
  end
  if #missing == 0 then return end
  load_gates(fields)
  for index, tag in ipairs(call('HMGET', pool, unpack(missing))) do tags[missing[index]] = tonumber(tag or 0) end
end

-- Takes a tenant's next jobs for as long as its turn lasts: while its tag is not above that of the next one.
local function take(turn, next_turn, horizon, tags, tags_changed, taken)
  local lane, tenant = turn.lane, turn.tenant
  local gate = gates['t' .. tenant]
  local most = math.min(room_for(lane, wanted - granted - #taken), room_behind(gate))
  local charge, count, tag = charge_of(lane, lane.history or HISTORY_NONE, gate.weight), 0, turn.tag
  repeat
    count = count + 1
    turn.tag = tag + count * charge
  until count == most or (next_turn and not before(turn, next_turn)) or (horizon and before(horizon, turn))
  local popped = call('ZPOPMIN', queue_key(lane, tenant), count)
  for place = 1, #popped, 2 do
    taken[#taken + 1] = { id = popped[place], lane = lane, tenant = tenant, charge = charge }
  end
  if #popped < 2 * count then
    count = #popped / 2
    lane.left[tenant] = true
  end
  turn.tag = tag + count * charge
  tags[tenant] = turn.tag
  tags_changed[tenant] = turn.tag
  if count > 0 and turn.tag - charge > tags.v then
    tags.v = turn.tag - charge
    tags_changed.v = tags.v
  end
  occupy(lane, tenant, count)
  lane.visited[#lane.visited + 1] = tenant
end

-- Has tenants found in a lane where they belong now, and those that are out of it, or have no job left there, not.
local function write_turns(lane)
  if #lane.visited > 0 then
    local keys = {}
    for index, tenant in ipairs(lane.visited) do keys[index] = queue_key(lane, tenant) end
    if call('EXISTS', unpack(keys)) < #keys then
      for index, tenant in ipairs(lane.visited) do
        if not lane.left[tenant] and call('EXISTS', keys[index]) == 0 then lane.left[tenant] = true end
      end
    end
  end
  local places, gone = {}, {}
  for tenant, tag in pairs(lane.moved) do
    if not lane.left[tenant] then places[#places + 1], places[#places + 2] = tag, tenant end
  end
  for tenant in pairs(lane.left) do gone[#gone + 1] = tenant end
  if #places > 0 then call('ZADD', lane.key, unpack(places)) end
  if #gone > 0 then call('ZREM', lane.key, unpack(gone)) end
end

-- One round of turns over the lanes of a class. Returns whether there may be more to take.
local function round(lanes, tags, tags_changed)
  local turns, horizon = read_turns(lanes)
  if #turns == 0 then return false end
  read_tags(lanes[1].pool, tags, turns)
  local taken, next = {}, 1
  while next <= #turns and granted + #taken < wanted do
    local turn = turns[next]
    local lane, tenant = turn.lane, turn.tenant
    if horizon and before(horizon, turn) then break end
    next, visits = next + 1, visits + 1
    local gate = gates['t' .. tenant]
    if lane.left[tenant] or room_for(lane, 1) == 0 then
      -- Not now.
    elseif tags[tenant] > turn.tag then
      turn.tag = tags[tenant]
      lane.moved[tenant] = turn.tag
      put_back(turns, next, turn, horizon)
    elseif room_behind(gate) == 0 then
      call('SADD', prefix .. 'parked:' .. tenant, lane.number)
      gate.parked = 1
      note_change(gate)
      lane.left[tenant] = true
    else
      turn.tag = tags[tenant]
      take(turn, turns[next], horizon, tags, tags_changed, taken)
      lane.moved[tenant] = turn.tag
      if not lane.left[tenant] then put_back(turns, next, turn, horizon) end
    end
  end
  for _, lane in ipairs(lanes) do write_turns(lane) end
  local known = strays
  grant(taken)
  return horizon ~= nil or strays > known
end

local function grant_from_class(lanes)
  local tags, tags_changed = { v = tonumber(call('HGET', lanes[1].pool, 'v') or 0) }, {}
  for place, lane in ipairs(lanes) do lane.place = place end
  while granted < wanted and visits < VISITS_MAX do
    if not round(lanes, tags, tags_changed) then break end
  end
  local values = {}
  for tenant, tag in pairs(tags_changed) do values[#values + 1], values[#values + 2] = tenant, tag end
  if #values > 0 then call('HSET', lanes[1].pool, unpack(values)) end
end

local function grant_from(tier)
  local open_lanes = call('ZREVRANGE', prefix .. 'open:' .. tier, 0, -1)
  if #open_lanes == 0 then return end
  local known, classes, fields = lanes_numbered(open_lanes), {}, { 'T' .. tier }
  local histories = call('HMGET', prefix .. 'history', unpack(open_lanes))
  for index, number in ipairs(open_lanes) do
    local lane = known[number]
    if lane then
      lane.taken, lane.popped, lane.history = 0, 0, histories[index] and tonumber(histories[index])
      fields[#fields + 1] = lane.capability_gate
      local class = classes[#classes]
      if not class or class[1].class ~= lane.class then
        class = {}
        classes[#classes + 1] = class
      end
      class[#class + 1] = lane
    end
  end
  load_gates(fields)
  for _, lanes in ipairs(classes) do
    if granted >= wanted or visits >= VISITS_MAX then break end
    -- In the order in which they came to be.
    table.sort(lanes, function(a, b) return struct.unpack('>H', a.number) < struct.unpack('>H', b.number) end)
    grant_from_class(lanes)
    for _, lane in ipairs(lanes) do
      if lane.popped > 0 then
        call('HINCRBY', counts_key, 'w' .. lane.number, -lane.popped)
        call('HINCRBY', counts_key, 'r' .. lane.number, lane.taken)
      end
    end
  end
end

for index = 9, #ARGV do
  if granted >= wanted then break end
  grant_from(ARGV[index])
end
save_gates()
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
if granted < wanted then
  call('HSET', prefix .. 'room', worker, struct.pack('>I8I8I8', cpu, memory, gpu))
  -- So many turns brought nothing that the rest is for another call.
  if visits >= VISITS_MAX then signal(worker, 'w') end
end
if granted > 0 then
  call('HSET', state_key, 'tick', string.format('%d', tick + granted - 1))
  announce(tick, events, ARGV[2])
end
return reply
