-- Shared: tenants, in the fair order. Start-time fair queueing (Goyal, Vin, Cheng 1996) within a pool, which is a tier
-- and a priority class: `tenants:<class>:<tier>` tells of each tenant its tag, what it was charged divided by its weight
-- (8 bytes), how many of its jobs run there (4), its weight (2), whether a limit is set on it (1), and the number of each
-- lane in which jobs of it are ready (2); and under 'v' the pool's virtual time, the greatest tag that a turn began with.
-- `lane:<number>` holds the tenants that have jobs ready there, by what their tag was when they were put there: the true
-- one is that or, after charges elsewhere, a greater one.
local pools, pools_in_order = {}, {}

at_begin(function()
  if pools_in_order[1] then pools, pools_in_order = {}, {} end
end)

local function pool_of(key)
  local pool = pools[key]
  if not pool then
    pool = { key = key, tenants = {}, changed = {} }
    pools[key] = pool
    pools_in_order[#pools_in_order + 1] = pool
  end
  return pool
end

local function note_tenant(pool, tenant)
  if tenant.is_changed then return end
  tenant.is_changed = true
  pool.changed[#pool.changed + 1] = tenant
end

-- Reads records of a pool: `fields` are 'v' and tenants. Returns them.
local function read_records(pool, fields)
  local packed, unknown = call('HMGET', pool.key, unpack(fields)), nil
  if not pool.v then pool.v, pool.has_v = tonumber(packed[1] or 0), packed[1] ~= false end
  for index = 2, #fields do
    if not packed[index] then
      unknown = unknown or {}
      unknown[#unknown + 1] = 't' .. fields[index]
    end
  end
  if unknown then load_gates(unknown) end
  return packed
end

-- Takes in a tenant as its record says it; of one that nobody knew in this pool there is none.
local function tenant_from(pool, id, packed)
  local tenant
  if packed then
    local tag, running, weight, limited = unpack_bytes('>I8I4HB', packed)
    tenant = {
      id = id, tag = tag, running = running, weight = weight, limited = limited, waits_in = sub(packed, 16),
      is_changed = false,
    }
  else
    tenant = { id = id, tag = 0, running = 0, weight = 100, limited = 0, waits_in = '', is_changed = false }
    local gate = gate_of('t' .. id)
    if gate then tenant.weight, tenant.limited = gate.weight, 1 end
  end
  pool.tenants[id] = tenant
  return tenant
end

-- Reads tenants of a pool, whose ids or turns these are, as far as they are not known yet. Returns the pool, with `v` and
-- `tenants`.
local function load_tenants(key, ids, turns)
  local pool, missing, count = pool_of(key), { 'v' }, 1
  local tenants = pool.tenants
  for index = 1, #(turns or ids) do
    local id = turns and turns[index].id or ids[index]
    if not tenants[id] then
      tenants[id] = true
      count = count + 1
      missing[count] = id
    end
  end
  if count == 1 and pool.v then return pool end
  local packed = read_records(pool, missing)
  for index = 2, count do tenant_from(pool, missing[index], packed[index]) end
  return pool
end

-- How many jobs of a tenant are ready in a lane.
local function waiting_in(lane, id) return call('ZCARD', lane.queue .. id) end

-- Notes whether jobs of a tenant are ready in a lane.
local function set_waits(lane, pool, tenant, value)
  local packed, number = tenant.waits_in, lane.number
  local others = ''
  for at = 1, #packed - 1, 2 do
    local one = sub(packed, at, at + 1)
    if one ~= number then others = others .. one end
  end
  tenant.waits_in = value and number .. others or others
  note_tenant(pool, tenant)
end

-- Tenants and their records, for one command.
local records = {}

local function save_tenants()
  for place = 1, #pools_in_order do
    local pool = pools_in_order[place]
    local count, changed = 0, pool.changed
    -- So long that Redis does not pack the hash, in which it would look for each tenant from the start.
    if pool.v_changed or not pool.has_v then
      records[1], records[2], count = 'v', string.format('%-72d', pool.v), 2
    end
    for index = 1, #changed do
      local tenant = changed[index]
      tenant.is_changed = false
      records[count + 1], records[count + 2] = tenant.id,
        pack('>I8I4HBc0', tenant.tag, tenant.running, tenant.weight, tenant.limited, tenant.waits_in)
      count = count + 2
    end
    if count > 0 then
      pool.changed, pool.v_changed, pool.has_v = {}, false, true
      set_fields(pool.key, records, count)
    end
  end
end

-- The gate that a limit on the tenant stands at; nil where there is no limit.
local function gate_before(tenant) return tenant.limited == 1 and gate_of('t' .. tenant.id) or nil end

local function count_tenant(pool, tenant, change)
  local running = tenant.running + change
  tenant.running = running > 0 and running or 0
  if not tenant.is_changed then
    tenant.is_changed, pool.changed[#pool.changed + 1] = true, tenant
  end
  if tenant.limited == 1 then
    local gate = gate_before(tenant)
    if gate then count_starts(gate, change) end
  end
end

-- What an attempt of so many microseconds weighs, in core-milliseconds for a weight of 100; at least one.
local function charge_of(lane, microseconds, weight)
  if microseconds < 1000 then return 1 end
  local used = floor(lane.rate * floor(min(microseconds, 2 ^ 41) / 1000) / 1000)
  if weight ~= 100 then used = floor(used * 100 / weight) end
  return used > 1 and used or 1
end

-- For how many microseconds an attempt of a lane is expected to run.
local function expected_duration(lane) return lane.average > 0 and lane.average - 1 or AVERAGE_NONE end

-- What a job of a lane is expected to weigh, for a tenant of this weight.
local function expected_charge(lane, weight)
  local charge = lane.expected[weight]
  if not charge then
    charge = charge_of(lane, expected_duration(lane), weight)
    lane.expected[weight] = charge
  end
  return charge
end

-- Lets tenants that have jobs ready in a lane be found there; those that are stopped by their own gate wait behind it.
local function place(lane, pool, tenants)
  local places = {}
  for index = 1, #tenants do
    local tenant = tenants[index]
    local gate = gate_before(tenant)
    if gate and gate.parked == 1 then
      call('SADD', prefix .. 'parked:' .. tenant.id, lane.number)
    else
      if pool.v > tenant.tag then tenant.tag = pool.v end
      note_tenant(pool, tenant)
      places[#places + 1], places[#places + 2] = tenant.tag, tenant.id
    end
  end
  if #places == 0 then return end
  call('ZADD', lane.key, unpack(places))
  set_open(lane, true)
end

-- Whether a tenant that has jobs ready in a lane is found there.
local function is_found(lane, tenant)
  local gate = gate_before(tenant)
  return not gate or gate.parked == 0 or call('ZSCORE', lane.key, tenant.id) ~= false
end

-- Who is next in a lane, and at which tag it is found there; nil where the lane's gates are full, or those of all of the
-- first `most` tenants.
local function next_in(lane, most)
  for _, gate in ipairs(gates_before(lane)) do
    if room_behind(gate) == 0 then return nil end
  end
  local places, ids = call('ZRANGE', lane.key, 0, most - 1, 'WITHSCORES'), {}
  for index = 1, #places, 2 do ids[#ids + 1] = places[index] end
  if #ids == 0 then return nil end
  local pool = load_tenants(lane.pool, ids)
  for index, id in ipairs(ids) do
    local tenant = pool.tenants[id]
    local gate = gate_before(tenant)
    if waiting_in(lane, id) > 0 and (not gate or room_behind(gate) > 0) then
      return tenant, tonumber(places[2 * index])
    end
  end
end

return pool_of, note_tenant, load_tenants, waiting_in, set_waits, save_tenants, gate_before, count_tenant, charge_of,
  expected_duration, expected_charge, place, is_found, next_in
