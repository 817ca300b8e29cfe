-- Says how many jobs may run at once behind gates, and what tenants' shares weigh.
-- KEYS     1 the prefix of all keys
-- ARGV     1 time in microseconds, or '' for the server's; then per gate: its field (see limits.lua), the most that may
--          run ('' for any number), its weight, 1–10000
-- Returns  how many gates were set
-- Cost     O(n · pools + lanes behind the gates · log N)

-- How many jobs of a tenant run, in all pools; each is told of the gate's weight and, where `limited`, of the gate.
local function tell_tenant(id, weight, limited)
  local running = 0
  for _, tier in ipairs(call('SMEMBERS', prefix .. 'tiers')) do
    for class = 0, 9 do
      local key = prefix .. 'tenants:' .. class .. ':' .. tier
      if call('HEXISTS', key, id) == 1 then
        local pool = load_tenants(key, { id })
        local tenant = pool.tenants[id]
        tenant.weight, tenant.limited = weight, limited
        note_tenant(pool, tenant)
        running = running + tenant.running
      end
    end
  end
  return running
end

-- How many jobs of a tier or capability run; its lanes are told whether anything is said of them.
local function tell_lanes(field)
  local running = 0
  for _, lane in ipairs(lanes_behind(field)) do
    running = running + lane.leased
    set_limited(lane, (gate_of('C' .. lane.capability) or gate_of('T' .. lane.tier)) and true or false)
  end
  return running
end

local function set_gate(field, max, weight)
  local is_tenant, is_ordinary = byte(field) == 116, max == ANY and weight == 100
  local gate = gate_of(field) or { field = field, running = 0, parked = 0 }
  gate.max, gate.weight = max, weight
  gates[field] = not is_ordinary and gate
  if is_tenant then
    gate.running = tell_tenant(sub(field, 2), weight, is_ordinary and 0 or 1)
  else
    gate.running = tell_lanes(field)
  end
  let_through(gate, ARGV[1])
  if is_ordinary then
    call('HDEL', prefix .. 'limits', field)
  else
    note_gate(gate)
    save_limits()
  end
  -- What the next gate finds, where the same one is named again.
  gate.is_changed, gate.was_full = false, max ~= ANY and gate.running >= max
  gates_changed = {}
end

transition('govern', 'allow-oom', function()
  if #ARGV < 4 or (#ARGV - 1) % 3 ~= 0 then return refuse('a gate has a name, a limit and a weight') end
  for index = 2, #ARGV, 3 do
    local kind, max, weight = byte(ARGV[index]), ARGV[index + 1], whole(ARGV[index + 2])
    if (kind ~= 116 or #ARGV[index] ~= 17) and (kind ~= 67 and kind ~= 84 or #ARGV[index] > 256) then
      return refuse('a gate is a tenant, a capability or a tier')
    end
    if max ~= '' and (not whole(max) or whole(max) >= ANY) then return refuse('a limit is a whole number') end
    if not weight or weight < 1 or weight > 10000 then return refuse('a weight is from 1 to 10000') end
  end
  if ARGV[1] ~= '' and not whole(ARGV[1]) then return refuse('the time is no number') end
  for index = 2, #ARGV, 3 do set_gate(ARGV[index], whole(ARGV[index + 1]) or ANY, whole(ARGV[index + 2])) end
  save_tenants()
  save_state()
  return (#ARGV - 1) / 3
end)
