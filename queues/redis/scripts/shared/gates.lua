-- Shared: gates. A tenant ('t' and its id), a capability ('C' and its name) and a tier ('T' and its name) are gates: so
-- many jobs behind each run, and only so many may. Each is one packed value of `gates`: running (4 bytes), the most that
-- may run (4, all ones: any number), weight (2, tenants only), whether a lane is parked behind it (1).
local ANY = 4294967295
local gates, gates_changed = {}, {}

local function load_gates(fields)
  local missing = {}
  for _, field in ipairs(fields) do
    if not gates[field] then
      gates[field] = true
      missing[#missing + 1] = field
    end
  end
  if #missing == 0 then return end
  for index, packed in ipairs(call('HMGET', prefix .. 'gates', unpack(missing))) do
    local gate = { field = missing[index], running = 0, max = ANY, weight = 100, parked = 0 }
    if packed then gate.running, gate.max, gate.weight, gate.parked = struct.unpack('>I4I4I2B', packed) end
    gate.was_full = gate.max ~= ANY and gate.running >= gate.max
    gates[missing[index]] = gate
  end
end

local function note_change(gate)
  if gate.is_changed then return end
  gate.is_changed = true
  gates_changed[#gates_changed + 1] = gate
end

-- How many more may run.
local function room_behind(gate) return gate.max == ANY and ANY or math.max(0, gate.max - gate.running) end

local function count_running(gate, change)
  gate.running = math.max(0, gate.running + change)
  note_change(gate)
end

local function save_gates()
  local values = {}
  for _, gate in ipairs(gates_changed) do
    gate.is_changed = false
    values[#values + 1] = gate.field
    values[#values + 1] = struct.pack('>I4I4I2B', gate.running, gate.max, gate.weight, gate.parked)
  end
  gates_changed = {}
  if #values > 0 then call('HSET', prefix .. 'gates', unpack(values)) end
end
