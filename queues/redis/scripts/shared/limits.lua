-- Shared: limits. Somebody may say how many jobs of a tenant ('t' and its id), a capability ('C' and its name) or a tier
-- ('T' and its name) run at once. Each gate of which that was said is a value of `limits`: how many run (4 bytes), how
-- many may (4, all ones: any number), the weight of a tenant's share (2), 1 where lanes are parked behind it (1). Lanes
-- and tenants are marked, so that what has no limit costs nothing.
local ANY = 4294967295
local gates, gates_changed = {}, {}

at_begin(function() gates, gates_changed = emptied(gates), emptied(gates_changed) end)

-- The gate of a field; false where nothing was said of it.
local function gate_of(field)
  local gate = gates[field]
  if gate == nil then
    local packed = call('HGET', prefix .. 'limits', field)
    gate = false
    if packed then
      local running, max, weight, parked = unpack_bytes('>I4I4HB', packed)
      gate = { field = field, running = running, max = max, weight = weight, parked = parked }
      gate.was_full = max ~= ANY and running >= max
    end
    gates[field] = gate
  end
  return gate
end

local function note_gate(gate)
  if gate.is_changed then return end
  gate.is_changed = true
  gates_changed[#gates_changed + 1] = gate
end

-- How many more may run.
local function room_behind(gate) return gate.max == ANY and ANY or max(0, gate.max - gate.running) end

local function count_running(gate, change)
  gate.running = max(0, gate.running + change)
  note_gate(gate)
end

local NO_GATES = {}

-- The gates before a lane of which anything was said.
local function gates_before(lane)
  if not is_limited(lane) then return NO_GATES end
  if not lane.gates then
    lane.gates = {}
    for _, field in ipairs({ 'C' .. lane.capability, 'T' .. lane.tier }) do
      local gate = gate_of(field)
      if gate then lane.gates[#lane.gates + 1] = gate end
    end
  end
  return lane.gates
end

local function save_limits()
  if #gates_changed == 0 then return end
  local values = {}
  for _, gate in ipairs(gates_changed) do
    gate.is_changed = false
    values[#values + 1] = gate.field
    values[#values + 1] = pack('>I4I4HB', gate.running, gate.max, gate.weight, gate.parked)
  end
  gates_changed = {}
  set_fields(prefix .. 'limits', values)
end
