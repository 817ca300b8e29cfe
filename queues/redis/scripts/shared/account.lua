-- Shared: what ended attempts free and weigh. Each is a table: lane (its number), tenant, and where its time is known
-- charge, microseconds, and is_telling: whether that is how long such jobs take.

-- Lets a tenant be found again that waited behind its gate and has room there now.
local function unpark(gate, given)
  if gate.parked == 0 or room_behind(gate) == 0 then return end
  gate.parked = 0
  note_gate(gate)
  local tenant = sub(gate.field, 2)
  local parked = prefix .. 'parked:' .. tenant
  local numbers = call('SMEMBERS', parked)
  call('DEL', parked)
  for _, lane in ipairs(lanes_in_order(numbers)) do
    local waiting = call('ZCARD', queue_key(lane, tenant))
    if waiting > 0 then
      activate(lane, { tenant })
      wake(lane, math.min(waiting, room_behind(gate)), given)
    end
  end
end

-- Wakes workers for what waits behind a tier's or a capability's gate that was full and is not any more.
local function reopen(gate, given)
  if not gate.was_full or room_behind(gate) == 0 then return end
  gate.was_full = false
  for _, lane in ipairs(lanes_behind(gate.field)) do
    wake(lane, math.min(lane.ready, room_behind(gate)), given)
  end
end

local function let_through(gate, given)
  if byte(gate.field) == 116 then unpark(gate, given) else reopen(gate, given) end
end

-- A lane's attempts take, on a moving average, so many microseconds: the newest has an eighth of the say.
local function learn(lane, microseconds)
  microseconds = math.max(0, microseconds)
  local known = lane.average - 1
  lane.average = 1 + (lane.average == 0 and microseconds or known + math.floor((microseconds - known) / 8))
  note_lane(lane)
end

local function load_ended(ended)
  local numbers, ids_of_pool, in_order = {}, {}, {}
  for index, attempt in ipairs(ended) do numbers[index] = attempt.lane end
  load_lanes(numbers)
  for _, attempt in ipairs(ended) do
    local lane = lanes[attempt.lane]
    if lane then
      local ids = ids_of_pool[lane.pool]
      if not ids then
        ids = {}
        ids_of_pool[lane.pool] = ids
        in_order[#in_order + 1] = lane.pool
      end
      ids[#ids + 1] = attempt.tenant
    end
  end
  for _, key in ipairs(in_order) do load_tenants(key, ids_of_pool[key]) end
end

-- Has tenants found at once that were charged far too much in a lane: those charged a little too much are found when
-- they are next due there, and those charged too little are put where they belong then.
local function move_forward(ended, owed)
  local places_in, in_order = {}, {}
  for _, attempt in ipairs(ended) do
    local lane = lanes[attempt.lane]
    local tenant = lane and pool_of(lane.pool).tenants[attempt.tenant]
    if tenant and owed[tenant] and owed[tenant] < -QUANTUM then
      local places = places_in[lane]
      if not places then
        places = {}
        places_in[lane] = places
        in_order[#in_order + 1] = lane
      end
      places[#places + 1], places[#places + 2] = tenant.tag, tenant.id
    end
  end
  for _, lane in ipairs(in_order) do call('ZADD', lane.key, 'XX', 'LT', unpack(places_in[lane])) end
end

-- Tells gates, tags and averages of ended attempts. What a tenant's attempts weighed beyond their charges is added to its
-- tag at once, so that it does not matter in which order they come. The counts are saved with lanes and tenants.
local function account(ended, given)
  load_ended(ended)
  local passed, is_passed, owed, owed_in_order = {}, {}, {}, {}
  local function pass(gate)
    count_running(gate, -1)
    if is_passed[gate] then return end
    is_passed[gate] = true
    passed[#passed + 1] = gate
  end
  for _, attempt in ipairs(ended) do
    local lane = lanes[attempt.lane]
    if lane then
      local pool = pool_of(lane.pool)
      local tenant = pool.tenants[attempt.tenant]
      tenant.running = math.max(0, tenant.running - 1)
      note_tenant(pool, tenant)
      count_leased(lane, -1)
      local gate = gate_before(tenant)
      if gate then pass(gate) end
      for _, before in ipairs(gates_before(lane)) do pass(before) end
      if attempt.charge then
        if not owed[tenant] then
          owed[tenant] = 0
          owed_in_order[#owed_in_order + 1] = tenant
        end
        owed[tenant] = owed[tenant] + charge_of(lane, attempt.microseconds, tenant.weight) - attempt.charge
        if attempt.is_telling then learn(lane, attempt.microseconds) end
      end
    end
  end
  for _, tenant in ipairs(owed_in_order) do tenant.tag = math.max(0, tenant.tag + owed[tenant]) end
  move_forward(ended, owed)
  for _, gate in ipairs(passed) do let_through(gate, given) end
end
