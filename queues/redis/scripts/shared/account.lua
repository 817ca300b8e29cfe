-- Shared: what ended attempts free and weigh. Of each is told its lane (the `number`) and `tenant`, and where its time is
-- known, its `charge`, its `duration` in microseconds, and whether that `is_telling` of how long such jobs take. Attempts
-- that follow each other and are alike are counted together.
local ended, ended_counts = {}, {}

at_begin(function()
  if ended[1] then ended, ended_counts = {}, {} end
end)

local function note_ended(attempt, count)
  local last = #ended
  if ended[last] == attempt then
    ended_counts[last] = ended_counts[last] + count
  else
    ended[last + 1], ended_counts[last + 1] = attempt, count
  end
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
    local waiting = waiting_in(lane, tenant)
    if waiting > 0 then
      place(lane, pool, { pool.tenants[tenant] })
      wake_all(lane, min(waiting, room_behind(gate)), given)
    end
  end
end

-- Wakes workers for what waits behind a tier's or a capability's gate that was full and is not any more.
local function reopen(gate, given)
  if not gate.was_full or room_behind(gate) == 0 then return end
  gate.was_full = false
  for _, lane in ipairs(lanes_behind(gate.field)) do
    wake(lane, min(lane.home.ready, room_behind(gate)), given)
  end
end

local function let_through(gate, given)
  if byte(gate.field) == 116 then unpark(gate, given) else reopen(gate, given) end
end

-- A lane's attempts take, on a moving average, so many microseconds: the newest has an eighth of the say. So many took
-- that long, one after the other.
local function learn(lane, microseconds, count)
  if microseconds < 0 then microseconds = 0 end
  for _ = 1, count do
    local known = lane.average - 1
    local average = 1 + (known < 0 and microseconds or known + floor((microseconds - known) / 8))
    if average == lane.average then return end
    lane.average, lane.expected = average, {}
    note_lane(lane)
  end
end

-- Reads the lanes of ended attempts, and the tenants, pool by pool.
local function load_ended()
  local numbers, ids_of, in_order = {}, {}, {}
  for index = 1, #ended do numbers[index] = ended[index].number end
  load_lanes(numbers)
  for index = 1, #ended do
    local attempt = ended[index]
    local lane = lanes[attempt.number]
    if lane then
      local ids = ids_of[lane.pool]
      if not ids then
        ids = {}
        ids_of[lane.pool] = ids
        in_order[#in_order + 1] = lane.pool
      end
      ids[#ids + 1] = attempt.tenant
    end
  end
  for index = 1, #in_order do load_tenants(in_order[index], ids_of[in_order[index]]) end
end

-- Has tenants found at once that were charged far too much in a lane: those charged a little too much are found when
-- they are next due there, and those charged too little are put where they belong then.
local function move_forward()
  local places_in, in_order = {}, {}
  for _, attempt in ipairs(ended) do
    local lane = lanes[attempt.number]
    local tenant = lane and pool_of(lane.pool).tenants[attempt.tenant]
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
  if #ended == 0 then return end
  load_ended()
  local passed, owing, is_far = nil, {}, false
  for index = 1, #ended do
    local attempt = ended[index]
    local lane, count = lanes[attempt.number], ended_counts[index]
    if lane then
      local pool = pool_of(lane.pool)
      local tenant = pool.tenants[attempt.tenant]
      count_leased(lane, -count)
      tenant.running = tenant.running > count and tenant.running - count or 0
      if not tenant.is_changed then note_tenant(pool, tenant) end
      local gate = tenant.limited == 1 and gate_before(tenant)
      if gate then
        count_running(gate, -count)
        passed = passed or {}
        passed[#passed + 1] = gate
      end
      if lane.flags % 4 >= 2 then
        for _, before in ipairs(gates_before(lane)) do
          count_running(before, -count)
          passed = passed or {}
          passed[#passed + 1] = before
        end
      end
      if attempt.charge then
        if not tenant.owed then
          tenant.owed = 0
          owing[#owing + 1] = tenant
        end
        tenant.owed = tenant.owed + count * (charge_of(lane, attempt.duration, tenant.weight) - attempt.charge)
        if attempt.is_telling then learn(lane, attempt.duration, count) end
      end
    end
  end
  for index = 1, #owing do
    local tenant = owing[index]
    local tag = tenant.tag + tenant.owed
    tenant.tag = tag > 0 and tag or 0
    is_far = is_far or tenant.owed < -QUANTUM
  end
  if is_far then move_forward() end
  for index = 1, #owing do owing[index].owed = nil end
  for index = 1, passed and #passed or 0 do let_through(passed[index], given) end
  ended, ended_counts = {}, {}
end

return note_ended, let_through, account
