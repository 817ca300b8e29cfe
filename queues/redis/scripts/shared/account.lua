-- Shared: what ended attempts free and weigh. Each is a table: lane (its number), tenant, and where its time is known
-- charge, microseconds, and is_telling: whether that is how long such jobs take.

-- Lets tenants be found again that waited behind their own gates and have room there now.
local function unpark(gate, given)
  if gate.parked == 0 or room_behind(gate) == 0 then return end
  gate.parked = 0
  note_change(gate)
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
    local waiting = tonumber(call('HGET', counts_key, 'w' .. lane.number) or 0)
    wake(lane, math.min(waiting, room_behind(gate)), given)
  end
end

-- A lane's jobs take, on a moving average, so many microseconds: the newest has an eighth of the say.
local function learn(lane, histories)
  for _, microseconds in ipairs(lane.learnt) do
    local known = lane.history
    lane.history = known and known + math.floor((microseconds - known) / 8) or microseconds
  end
  histories[#histories + 1], histories[#histories + 2] = lane.number, lane.history
end

local function read_histories(lanes)
  local numbers = {}
  for number in pairs(lanes) do numbers[#numbers + 1] = number end
  if #numbers == 0 then return end
  for index, history in ipairs(call('HMGET', prefix .. 'history', unpack(numbers))) do
    lanes[numbers[index]].history = history and tonumber(history)
  end
end

local function gate_fields(ended, lanes)
  local fields, seen = {}, {}
  for _, attempt in ipairs(ended) do
    local lane = lanes[attempt.lane]
    for _, field in ipairs(lane and { 't' .. attempt.tenant, lane.capability_gate, lane.tier_gate } or {}) do
      if not seen[field] then
        seen[field] = true
        fields[#fields + 1] = field
      end
    end
  end
  return fields
end

-- Adds to tenants' tags what their attempts weighed beyond what they had been charged.
local function correct(pool, changes)
  local tags, values = call('HMGET', pool, unpack(changes.tenants)), {}
  for index, tenant in ipairs(changes.tenants) do
    if tags[index] and changes[tenant] ~= 0 then
      values[#values + 1], values[#values + 2] = tenant, math.max(0, tonumber(tags[index]) + changes[tenant])
    end
  end
  if #values > 0 then call('HSET', pool, unpack(values)) end
end

-- Tells gates, tags and averages of ended attempts.
local function account(ended, given)
  local numbers, seen, pools, pool_names = {}, {}, {}, {}
  for _, attempt in ipairs(ended) do
    if not seen[attempt.lane] then
      seen[attempt.lane] = true
      numbers[#numbers + 1] = attempt.lane
    end
  end
  local lanes = lanes_numbered(numbers)
  local fields = gate_fields(ended, lanes)
  load_gates(fields)
  for _, attempt in ipairs(ended) do
    local lane = lanes[attempt.lane]
    if lane then
      local gate = gates['t' .. attempt.tenant]
      count_running(gate, -1)
      count_running(gates[lane.capability_gate], -1)
      count_running(gates[lane.tier_gate], -1)
      lane.freed = (lane.freed or 0) + 1
      if attempt.charge then
        local changes = pools[lane.pool]
        if not changes then
          changes = { tenants = {} }
          pools[lane.pool] = changes
          pool_names[#pool_names + 1] = lane.pool
        end
        if not changes[attempt.tenant] then
          changes[attempt.tenant] = 0
          changes.tenants[#changes.tenants + 1] = attempt.tenant
        end
        changes[attempt.tenant] = changes[attempt.tenant]
          + charge_of(lane, attempt.microseconds, gate.weight) - attempt.charge
        if attempt.is_telling then
          lane.learnt = lane.learnt or {}
          lane.learnt[#lane.learnt + 1] = math.max(0, attempt.microseconds)
        end
      end
    end
  end
  read_histories(lanes)
  local histories = {}
  for number, lane in pairs(lanes) do
    call('HINCRBY', counts_key, 'r' .. number, -(lane.freed or 0))
    if lane.learnt then learn(lane, histories) end
  end
  if #histories > 0 then call('HSET', prefix .. 'history', unpack(histories)) end
  for _, pool in ipairs(pool_names) do correct(pool, pools[pool]) end
  for _, field in ipairs(fields) do
    if byte(field) == 116 then unpark(gates[field], given) else reopen(gates[field], given) end
  end
  save_gates()
end
