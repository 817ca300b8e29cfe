-- Says how many jobs may run at once behind gates, how many may start in a time, and what tenants' shares weigh.
-- KEYS     1 the prefix of all keys
-- ARGV     1 time in microseconds, or '' for the server's; then per gate: its field (see limits.lua), the most that may
--          run ('' for any number), its weight, 1–10000; then the tokens that come in per tick, the microseconds of a
--          tick, and the most tokens there may be, all three '' for any number of starts
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
    set_lane_flag(lane, 2, (gate_of('C' .. lane.capability) or gate_of('T' .. lane.tier)) and true or false)
  end
  return running
end

-- A bucket of this rate: the one there is, where its rate is the same; else with as many tokens as that one has, or full.
local function bucket_of(rate, old)
  if old and old.per_tick == rate.per_tick and old.tick == rate.tick and old.burst == rate.burst then return old end
  local tokens = old and min(rate.burst, floor(old.level / old.tick)) or rate.burst
  rate.level, rate.filled, rate.armed = tokens * rate.tick, time_of(ARGV[1]), 0
  return rate
end

local function set_gate(field, max, weight, rate)
  local is_tenant, is_ordinary = byte(field) == 116, max == ANY and weight == 100 and not rate
  local gate = gate_of(field) or { field = field, running = 0, parked = 0 }
  gate.max, gate.weight, gate.bucket = max, weight, rate and bucket_of(rate, gate.bucket)
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
  gate.is_changed, gate.was_full = false, room_behind(gate) == 0
  gates_changed = {}
end

-- The rate that the arguments from `first` on say, empty where any number may start; nil where it is none.
local function rate_at(first)
  if ARGV[first] == '' and ARGV[first + 1] == '' and ARGV[first + 2] == '' then return {} end
  local rate = { per_tick = whole(ARGV[first]), tick = whole(ARGV[first + 1]), burst = whole(ARGV[first + 2]) }
  if not rate.per_tick or not rate.tick or not rate.burst then return nil end
  if rate.per_tick < 1 or rate.tick < 1 or rate.burst < 1 or rate.burst * rate.tick > 2 ^ 53 then return nil end
  return rate
end

transition('govern', 'allow-oom', function()
  if #ARGV < 7 or (#ARGV - 1) % 6 ~= 0 then return refuse('a gate has a name, a limit, a weight and a rate') end
  for index = 2, #ARGV, 6 do
    local kind, max, weight = byte(ARGV[index]), ARGV[index + 1], whole(ARGV[index + 2])
    if (kind ~= 116 or #ARGV[index] ~= 17) and (kind ~= 67 and kind ~= 84 or #ARGV[index] > 256) then
      return refuse('a gate is a tenant, a capability or a tier')
    end
    if max ~= '' and (not whole(max) or whole(max) >= ANY) then return refuse('a limit is a whole number') end
    if not weight or weight < 1 or weight > 10000 then return refuse('a weight is from 1 to 10000') end
    if not rate_at(index + 3) then return refuse('a rate is tokens per tick, its microseconds and a burst') end
  end
  if ARGV[1] ~= '' and not whole(ARGV[1]) then return refuse('the time is no number') end
  for index = 2, #ARGV, 6 do
    local rate = rate_at(index + 3)
    set_gate(
      ARGV[index], whole(ARGV[index + 1]) or ANY, whole(ARGV[index + 2]), rate.per_tick and rate or nil)
  end
  ask_all_keepers()
  save_tenants()
  save_state()
  return (#ARGV - 1) / 6
end)
