-- Shared: lanes. The jobs of a lane can run on the same workers and stand before the same gates; they differ in tenant,
-- priority and age. `state` tells a lane's number (2 bytes) by its descriptor, and by its number:
--   1–12  how many are ready, leased and delayed (4 bytes each)
--   13–20 how long its attempts take, microseconds and 1; 0 where that is not known
--   21    flags: 1 a tenant may be found there (it is in `open:<tier>`), 2 a limit is set on its tier or capability, 4 a
--         worker keeps room for one of its jobs (see keeping.lua)
--   22–   its descriptor: priority class (1), cpu millicores, memory bytes, gpu thousandths, and as how many millicores
--         its jobs count (8 each), length of the tier's name (1), the tier's and the capability's name
local lanes, lanes_changed, opened = {}, {}, {}
-- What a descriptor says is read once, not by every call: lanes by descriptor, of one prefix. And the lanes that the
-- calls before asked for last, which the next one reads along with its first question.
local described, described_count, described_under = {}, 0, nil
local EXPECTED_MAX, expected = 4, {}

at_begin(function()
  lanes, opened = {}, {}
  if lanes_changed[1] then lanes_changed = {} end
  if described_under ~= prefix or described_count > LANES_MAX then
    described, described_count, described_under, expected = {}, 0, prefix, {}
  end
end)

local function is_descriptor(text)
  local class, length = byte(text, 1), byte(text, 34)
  return length and class <= 9 and length > 0 and #text > 34 + length and #text <= 34 + length + 255
end

local function lane_described(descriptor)
  local class, cpu, memory, gpu, rate, length = unpack_bytes('>BI8I8I8I8B', descriptor)
  local tier = sub(descriptor, 35, 34 + length)
  described_count = described_count + 1
  return {
    descriptor = descriptor, class = class, cpu = cpu, memory = memory, gpu = gpu, rate = rate, tier = tier,
    capability = sub(descriptor, 35 + length), pool = prefix .. 'tenants:' .. class .. ':' .. tier,
  }
end

local function lane_from(number, packed)
  local descriptor = sub(packed, 22)
  local lane = described[descriptor]
  if not lane then
    lane = lane_described(descriptor)
    described[descriptor] = lane
  end
  if lane.number ~= number then
    lane.number, lane.age = number, unpack_bytes('>H', number)
    lane.key, lane.queue = prefix .. 'lane:' .. number, prefix .. 'queue:' .. number
  end
  local average = lane.average
  lane.ready, lane.leased, lane.delayed, lane.average, lane.flags = unpack_bytes('>I4I4I4I8B', packed)
  lane.is_changed, lane.gates = false, nil
  -- What jobs are expected to weigh, by the weights of their tenants.
  if lane.average ~= average then lane.expected = {} end
  lanes[number] = lane
  return lane
end

-- What an operator says of the order (see `QueuePolicy`), in `policy` of the state: four numbers of 8 bytes. Microseconds
-- after which room is kept for a job, for how long that is, and after which a class that is passed over has a turn, 0 for
-- never; milliseconds of waiting that count as one of priority, 0 for none.
local policy_read, keep_after, kept_for, class_patience, ageing

local function read_policy(packed)
  if packed == policy_read then return end
  policy_read = packed
  if packed and #packed == 32 then
    keep_after, kept_for, class_patience, ageing = unpack_bytes('>I8I8I8I8', packed)
  else
    keep_after, kept_for, class_patience, ageing = KEEP_AFTER, KEPT_FOR, CLASS_PATIENCE, AGEING
  end
end

-- Reads `fields` of the state, and along with them the policy and the lanes that are likely to be asked for.
local function read_state(fields)
  local count = #fields + 1
  fields[count] = 'policy'
  for index = 1, #expected do fields[count + index] = expected[index] end
  local values = call('HMGET', state_key, unpack(fields))
  read_policy(values[count])
  for index = 1, #expected do
    local packed = values[count + index]
    if packed then lane_from(expected[index], packed) end
  end
  return values
end

-- The installed generation (false: none), the last tick given out, and the time.
local function open(given)
  local state = read_state({ 'generation', 'tick' })
  return state[1], tonumber(state[2] or 0), time_of(given)
end

-- Reads the lanes of these numbers, as far as they are not known yet; those that nobody knows stay out of `lanes`.
local function load_lanes(numbers)
  local missing
  for index = 1, #numbers do
    local number = numbers[index]
    if lanes[number] == nil then
      lanes[number] = false
      missing = missing or {}
      missing[#missing + 1] = number
    end
  end
  if not missing then return end
  for index, packed in ipairs(call('HMGET', state_key, unpack(missing))) do
    if packed then lane_from(missing[index], packed) end
  end
  for index = 1, #expected do missing[#missing + 1] = expected[index] end
  for index = #missing, EXPECTED_MAX + 1, -1 do missing[index] = nil end
  expected = missing
end

-- Lanes by their numbers, the oldest first.
local function lanes_in_order(numbers)
  load_lanes(numbers)
  local found = {}
  for _, number in ipairs(numbers) do
    if lanes[number] then found[#found + 1] = lanes[number] end
  end
  if #found > 1 then table.sort(found, function(a, b) return a.age < b.age end) end
  return found
end

-- The lanes of a tier or capability, the oldest first.
local function lanes_behind(field) return lanes_in_order(call('SMEMBERS', prefix .. 'lanes:' .. field)) end

local function note_lane(lane)
  if lane.is_changed then return end
  lane.is_changed = true
  lanes_changed[#lanes_changed + 1] = lane
end

local function count_ready(lane, change)
  lane.ready = max(0, lane.ready + change)
  note_lane(lane)
end

local function count_leased(lane, change)
  lane.leased = max(0, lane.leased + change)
  note_lane(lane)
end

local function count_delayed(lane, change)
  lane.delayed = max(0, lane.delayed + change)
  note_lane(lane)
end

local function is_open(lane) return lane.flags % 2 == 1 end

local function has_lane_flag(lane, flag) return lane.flags % (2 * flag) >= flag end

local function set_lane_flag(lane, flag, value)
  if has_lane_flag(lane, flag) == value then return end
  lane.flags = lane.flags + (value and flag or -flag)
  note_lane(lane)
end

local function is_limited(lane) return lane.flags % 4 >= 2 end

-- The numbers, one after the other, of the lanes of a tier in which somebody may be found.
local function open_lanes(tier)
  opened[tier] = opened[tier] or call('HGET', state_key, 'open:' .. tier) or ''
  return opened[tier]
end

-- These lanes, the oldest first.
local function open_lanes_in_order(tier)
  local packed, numbers = open_lanes(tier), {}
  for place = 1, #packed, 2 do numbers[#numbers + 1] = sub(packed, place, place + 1) end
  return lanes_in_order(numbers)
end

-- Whether a worker that asks for jobs of its tier looks into a lane.
local function set_open(lane, value)
  if is_open(lane) == value then return end
  lane.flags = lane.flags + (value and 1 or -1)
  note_lane(lane)
  local packed, others = open_lanes(lane.tier), {}
  for place = 1, #packed, 2 do
    local number = sub(packed, place, place + 1)
    if number ~= lane.number then others[#others + 1] = number end
  end
  if value then others[#others + 1] = lane.number end
  opened[lane.tier] = table.concat(others)
  call('HSET', state_key, 'open:' .. lane.tier, opened[lane.tier])
end

-- Writes what the call has changed of lanes, and its tick where it took one.
local function save_state(tick)
  local values, count = nil, 0
  if tick then values, count = { 'tick', string.format('%d', tick) }, 2 end
  for index = 1, #lanes_changed do
    local lane = lanes_changed[index]
    values = values or {}
    values[count + 1] = lane.number
    values[count + 2] = pack('>I4I4I4I8B', lane.ready, lane.leased, lane.delayed, lane.average, lane.flags)
      .. lane.descriptor
    count = count + 2
    lane.is_changed = false
  end
  if #lanes_changed > 0 then lanes_changed = {} end
  if values then set_fields(state_key, values) end
end
