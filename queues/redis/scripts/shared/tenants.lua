-- Shared: tenants, in the fair order. Start-time fair queueing (Goyal, Vin, Cheng 1996) within a pool, which is a tier
-- and a priority class: `tenants:<class>:<tier>` tells of each tenant its tag, what it was charged divided by its weight
-- (8 bytes), how many of its jobs run there (4), its weight (2) and whether a limit is set on it (1); and under 'v' the
-- pool's virtual time, the greatest tag that a turn began with. `lane:<number>` holds the tenants that have jobs ready
-- there, by what their tag was when they were put there: the true one is that or, after charges elsewhere, a greater one.
local pools, pools_in_order = {}, {}

at_begin(function() pools, pools_in_order = emptied(pools), emptied(pools_in_order) end)

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

-- A tenant that nobody knew in this pool.
local function new_tenant(id)
  local tenant, gate = { id = id, tag = 0, running = 0, weight = 100, limited = 0 }, gate_of('t' .. id)
  if gate then tenant.weight, tenant.limited = gate.weight, 1 end
  return tenant
end

-- Reads tenants of a pool, as far as they are not known yet. Returns the pool, with `v` and `tenants`.
local function load_tenants(key, ids)
  local pool, missing, count = pool_of(key), { 'v' }, 1
  local tenants = pool.tenants
  for index = 1, #ids do
    local id = ids[index]
    if not tenants[id] then
      tenants[id] = true
      count = count + 1
      missing[count] = id
    end
  end
  if count == 1 and pool.v then return pool end
  local packed = call('HMGET', key, unpack(missing))
  pool.v = pool.v or tonumber(packed[1] or 0)
  for index = 2, count do
    local id, known = missing[index], packed[index]
    if known then
      local tag, running, weight, limited = unpack_bytes('>I8I4HB', known)
      tenants[id] = { id = id, tag = tag, running = running, weight = weight, limited = limited }
    else
      tenants[id] = new_tenant(id)
    end
  end
  return pool
end

local function save_tenants()
  for _, pool in ipairs(pools_in_order) do
    local values, count = {}, 0
    if pool.v_changed then values[1], values[2], count = 'v', string.format('%d', pool.v), 2 end
    for _, tenant in ipairs(pool.changed) do
      tenant.is_changed = false
      values[count + 1] = tenant.id
      values[count + 2] = pack('>I8I4HB', tenant.tag, tenant.running, tenant.weight, tenant.limited)
      count = count + 2
    end
    if count > 0 then
      pool.changed, pool.v_changed = {}, false
      call('HSET', pool.key, unpack(values))
    end
  end
end

-- The gate that a limit on the tenant stands at; nil where there is no limit.
local function gate_before(tenant) return tenant.limited == 1 and gate_of('t' .. tenant.id) or nil end

local function count_tenant(pool, tenant, change)
  tenant.running = max(0, tenant.running + change)
  note_tenant(pool, tenant)
  local gate = gate_before(tenant)
  if gate then count_running(gate, change) end
end

-- What an attempt of so many microseconds weighs, in core-milliseconds for a weight of 100; at least one.
local function charge_of(lane, microseconds, weight)
  local milliseconds = floor(min(max(microseconds, 0), 2 ^ 41) / 1000)
  return max(1, floor(floor(lane.rate * milliseconds / 1000) * 100 / weight))
end

-- Lets tenants that have jobs ready in a lane be found there, unless they are there already; returns those that wait
-- behind their own gate instead.
local function activate(lane, ids)
  local known, coming, parked = call('ZMSCORE', lane.key, unpack(ids)), {}, {}
  for index, id in ipairs(ids) do
    if not known[index] then coming[#coming + 1] = id end
  end
  if #coming == 0 then return parked end
  local pool, places = load_tenants(lane.pool, coming), {}
  for _, id in ipairs(coming) do
    local tenant = pool.tenants[id]
    local gate = gate_before(tenant)
    if gate and gate.parked == 1 then
      call('SADD', prefix .. 'parked:' .. id, lane.number)
      parked[id] = true
    else
      tenant.tag = max(tenant.tag, pool.v)
      note_tenant(pool, tenant)
      places[#places + 1], places[#places + 2] = tenant.tag, id
    end
  end
  if #places > 0 then
    call('ZADD', lane.key, unpack(places))
    set_open(lane, true)
  end
  return parked
end
