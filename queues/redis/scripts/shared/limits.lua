-- Shared: limits. Somebody may say how many jobs of a tenant ('t' and its id), a capability ('C' and its name) or a tier
-- ('T' and its name) run at once, and how many start in a time. Each gate of which that was said is a value of `limits`:
-- how many run (4 bytes), how many may (4, all ones: any number), the weight of a tenant's share (2), 1 where lanes are
-- parked behind it (1); and where only so many may start in a time, a token bucket as `TokenBucket` keeps it (8 each):
-- tokens that come in per tick, the microseconds of a tick, the most tokens, how full it is in tokens times microseconds
-- of a tick, and up to when it was filled; then 1 while a timer is set for its next tokens (1). Lanes and tenants are
-- marked, so that what has no limit costs nothing.
local ANY = 4294967295
local gates, gates_changed = {}, {}

at_begin(function()
  gates = {}
  if gates_changed[1] then gates_changed = {} end
end)

local bucket_from
do
  local STEP_BACK_MAX = 60000000

  -- Lets the tokens come in that are due. A clock that has gone back brings none until it has caught up, unless it was set.
  local function fill(bucket)
    local now = time_of(ARGV[1])
    if now > bucket.filled then
      bucket.level = min(bucket.burst * bucket.tick, bucket.level + (now - bucket.filled) * bucket.per_tick)
      bucket.filled = now
    elseif bucket.filled - now > STEP_BACK_MAX then
      bucket.filled = now
    end
  end

  function bucket_from(packed)
    local per_tick, tick, burst, level, filled, armed = unpack_bytes('>I8I8I8I8I8B', packed, 12)
    local bucket = { per_tick = per_tick, tick = tick, burst = burst, level = level, filled = filled, armed = armed }
    fill(bucket)
    return bucket
  end
end

-- How many more may start now.
local function room_behind(gate)
  local room = gate.max == ANY and ANY or max(0, gate.max - gate.running)
  return gate.bucket and min(room, floor(gate.bucket.level / gate.bucket.tick)) or room
end

local function gate_from(field, packed)
  if not packed then return false end
  local running, max, weight, parked = unpack_bytes('>I4I4HB', packed)
  local gate = { field = field, running = running, max = max, weight = weight, parked = parked }
  gate.bucket = #packed > 11 and bucket_from(packed) or nil
  gate.was_full = room_behind(gate) == 0
  return gate
end

-- The gate of a field; false where nothing was said of it.
local function gate_of(field)
  local gate = gates[field]
  if gate == nil then
    gate = gate_from(field, call('HGET', prefix .. 'limits', field))
    gates[field] = gate
  end
  return gate
end

-- Reads the gates of fields that are not known yet, so that `gate_of` need not.
local function load_gates(fields)
  local count = #fields
  for first = 1, count, 4000 do
    local last = min(first + 3999, count)
    for place, packed in ipairs(call('HMGET', prefix .. 'limits', unpack(fields, first, last))) do
      local field = fields[first + place - 1]
      if gates[field] == nil then gates[field] = gate_from(field, packed) end
    end
  end
end

local function note_gate(gate)
  if gate.is_changed then return end
  gate.is_changed = true
  gates_changed[#gates_changed + 1] = gate
end

local function count_running(gate, change)
  gate.running = max(0, gate.running + change)
  note_gate(gate)
end

-- So many more jobs start; where `count` is negative, they have not after all.
local function count_starts(gate, count)
  count_running(gate, count)
  local bucket = gate.bucket
  if bucket then bucket.level = min(bucket.burst * bucket.tick, bucket.level - count * bucket.tick) end
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

local save_limits
do
  -- When an empty bucket is looked at again: not for every single token where these come fast.
  local function next_tokens(bucket)
    local wanted = max(1, min(bucket.burst, floor(THROTTLE_STEP * bucket.per_tick / bucket.tick)))
    return bucket.filled + floor((wanted * bucket.tick - bucket.level + bucket.per_tick - 1) / bucket.per_tick)
  end

  local function packed_gate(gate, timers)
    local packed, bucket = pack('>I4I4HB', gate.running, gate.max, gate.weight, gate.parked), gate.bucket
    if not bucket then return packed end
    if bucket.armed == 0 and bucket.level < bucket.tick then
      bucket.armed = 1
      timers[#timers + 1], timers[#timers + 2] = string.format('%d', next_tokens(bucket)), 'g' .. gate.field
    end
    return packed
      .. pack(
        '>I8I8I8I8I8B', bucket.per_tick, bucket.tick, bucket.burst, bucket.level, bucket.filled, bucket.armed)
  end

  function save_limits()
    if #gates_changed == 0 then return end
    local values, timers = {}, {}
    for _, gate in ipairs(gates_changed) do
      gate.is_changed = false
      values[#values + 1] = gate.field
      values[#values + 1] = packed_gate(gate, timers)
    end
    gates_changed = {}
    set_fields(prefix .. 'limits', values, #values)
    set_timers(timers)
  end
end
