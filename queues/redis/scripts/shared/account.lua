-- Shared: what ended attempts free and weigh. Of each is gathered its lane (the number) and tenant, and where its time
-- is known, its charge and microseconds, and whether that is how long such jobs take.
local ended_lanes, ended_tenants, charges, durations, telling = {}, {}, {}, {}, {}

at_begin(function()
  ended_lanes, ended_tenants = emptied(ended_lanes), emptied(ended_tenants)
  charges, durations, telling = emptied(charges), emptied(durations), emptied(telling)
end)

local function note_ended(number, tenant, charge, microseconds, is_telling)
  local index = #ended_lanes + 1
  ended_lanes[index], ended_tenants[index] = number, tenant
  charges[index], durations[index], telling[index] = charge or false, microseconds or false, is_telling or false
end

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
    local pool = load_tenants(lane.pool, { tenant })
    local waiting = waiting_in(lane, pool.tenants[tenant])
    if waiting > 0 then
      place(lane, pool, { pool.tenants[tenant] })
      wake(lane, min(waiting, room_behind(gate)), given)
    end
  end
end

-- Wakes workers for what waits behind a tier's or a capability's gate that was full and is not any more.
local function reopen(gate, given)
  if not gate.was_full or room_behind(gate) == 0 then return end
  gate.was_full = false
  for _, lane in ipairs(lanes_behind(gate.field)) do
    wake(lane, min(lane.ready, room_behind(gate)), given)
  end
end

local function let_through(gate, given)
  if byte(gate.field) == 116 then unpark(gate, given) else reopen(gate, given) end
end

-- A lane's attempts take, on a moving average, so many microseconds: the newest has an eighth of the say.
local function learn(lane, microseconds)
  if microseconds < 0 then microseconds = 0 end
  local known = lane.average - 1
  local average = 1 + (known < 0 and microseconds or known + floor((microseconds - known) / 8))
  if average == lane.average then return end
  lane.average, lane.expected = average, {}
  note_lane(lane)
end

-- Reads the lanes of ended attempts, and the tenants, pool by pool.
local function load_ended()
  load_lanes(ended_lanes)
  local ids_of, in_order = {}, {}
  for index, number in ipairs(ended_lanes) do
    local lane = lanes[number]
    if lane then
      local ids = ids_of[lane.pool]
      if not ids then
        ids = {}
        ids_of[lane.pool] = ids
        in_order[#in_order + 1] = lane.pool
      end
      ids[#ids + 1] = ended_tenants[index]
    end
  end
  for _, key in ipairs(in_order) do load_tenants(key, ids_of[key]) end
end

-- Has tenants found at once that were charged far too much in a lane: those charged a little too much are found when
-- they are next due there, and those charged too little are put where they belong then.
local function move_forward()
  local places_in, in_order = {}, {}
  for index, number in ipairs(ended_lanes) do
    local lane = lanes[number]
    local tenant = lane and pools[lane.pool].tenants[ended_tenants[index]]
    if tenant and tenant.owed and tenant.owed < -QUANTUM then
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

-- Tells gates, tags and averages of the attempts that ended. What a tenant's attempts weighed beyond their charges is
-- added to its tag at once, so that it does not matter in which order they come. The counts are saved with lanes and
-- tenants.
local function account(given)
  if #ended_lanes == 0 then return end
  load_ended()
  local passed, owing, is_far = {}, {}, false
  for index, number in ipairs(ended_lanes) do
    local lane = lanes[number]
    if lane then
      local pool = pools[lane.pool]
      local tenant = pool.tenants[ended_tenants[index]]
      count_leased(lane, -1)
      tenant.running = max(0, tenant.running - 1)
      note_tenant(pool, tenant)
      local gate = gate_before(tenant)
      if gate then
        count_running(gate, -1)
        passed[#passed + 1] = gate
      end
      for _, before in ipairs(gates_before(lane)) do
        count_running(before, -1)
        passed[#passed + 1] = before
      end
      if charges[index] then
        if not tenant.owed then
          tenant.owed = 0
          owing[#owing + 1] = tenant
        end
        tenant.owed = tenant.owed + charge_of(lane, durations[index], tenant.weight) - charges[index]
        if telling[index] then learn(lane, durations[index]) end
      end
    end
  end
  for _, tenant in ipairs(owing) do
    tenant.tag = max(0, tenant.tag + tenant.owed)
    is_far = is_far or tenant.owed < -QUANTUM
  end
  if is_far then move_forward() end
  for _, tenant in ipairs(owing) do tenant.owed = nil end
  for index, gate in ipairs(passed) do let_through(gate, given) end
  ended_lanes = {}
end

return note_ended, let_through, account
