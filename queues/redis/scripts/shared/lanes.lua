-- Shared: lanes. The jobs of a lane can run on the same workers and stand before the same gates; they differ in tenant,
-- priority and age. `state` tells a lane's number (2 bytes) by its descriptor, and by its number:
--   1–8   how many are ready and leased (4 bytes each)
--   9–16  how long its attempts take, microseconds and 1; 0 where that is not known
--   17    flags: 1 a tenant may be found there (it is in `open:<tier>`), 2 a limit is set on its tier or capability
--   18–   its descriptor: priority class (1), cpu millicores, memory bytes, gpu thousandths, and as how many millicores
--         its jobs count (8 each), length of the tier's name (1), the tier's and the capability's name
local lanes, lanes_changed

at_begin(function() lanes, lanes_changed = {}, {} end)

local function is_descriptor(text)
  local class, length = byte(text, 1), byte(text, 34)
  return length and class <= 9 and length > 0 and #text > 34 + length and #text <= 34 + length + 255
end

local function lane_from(number, packed)
  local ready, leased, average, flags, class, cpu, memory, gpu, rate, length =
    unpack_bytes('>I4I4I8BBI8I8I8I8B', packed)
  local tier = sub(packed, 52, 51 + length)
  local lane = {
    number = number, descriptor = sub(packed, 18), ready = ready, leased = leased, average = average, flags = flags,
    class = class, cpu = cpu, memory = memory, gpu = gpu, rate = rate, tier = tier,
    capability = sub(packed, 52 + length), key = prefix .. 'lane:' .. number,
    pool = prefix .. 'tenants:' .. class .. ':' .. tier,
  }
  lanes[number] = lane
  return lane
end

-- Reads the lanes of these numbers, as far as they are not known yet; those that nobody knows stay out of `lanes`.
local function load_lanes(numbers)
  local missing = {}
  for _, number in ipairs(numbers) do
    if lanes[number] == nil then
      lanes[number] = false
      missing[#missing + 1] = number
    end
  end
  if #missing == 0 then return end
  for index, packed in ipairs(call('HMGET', state_key, unpack(missing))) do
    if packed then lane_from(missing[index], packed) end
  end
end

-- Reads the lanes of jobs; `records` may have gaps.
local function load_lanes_of(records, count)
  local numbers = {}
  for index = 1, count do
    if records[index] then numbers[#numbers + 1] = lane_of(records[index]) end
  end
  load_lanes(numbers)
end

-- Lanes by their numbers, the oldest first.
local function lanes_in_order(numbers)
  load_lanes(numbers)
  local found = {}
  for _, number in ipairs(numbers) do
    if lanes[number] then found[#found + 1] = lanes[number] end
  end
  table.sort(found, function(a, b) return unpack_bytes('>H', a.number) < unpack_bytes('>H', b.number) end)
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
  lane.ready = math.max(0, lane.ready + change)
  note_lane(lane)
end

local function count_leased(lane, change)
  lane.leased = math.max(0, lane.leased + change)
  note_lane(lane)
end

local function is_open(lane) return lane.flags % 2 == 1 end

local function is_limited(lane) return lane.flags >= 2 end

local function set_limited(lane, value)
  lane.flags = lane.flags % 2 + (value and 2 or 0)
  note_lane(lane)
end

-- Whether a worker that asks for jobs of its tier looks into a lane.
local function set_open(lane, value)
  if is_open(lane) == value then return end
  lane.flags = lane.flags + (value and 1 or -1)
  note_lane(lane)
  local field, others = 'open:' .. lane.tier, {}
  local packed = call('HGET', state_key, field) or ''
  for place = 1, #packed, 2 do
    local number = sub(packed, place, place + 1)
    if number ~= lane.number then others[#others + 1] = number end
  end
  if value then others[#others + 1] = lane.number end
  call('HSET', state_key, field, table.concat(others))
end

-- Writes what the call has changed of lanes, and its tick where it took one.
local function save_state(tick)
  local values = {}
  if tick then values[1], values[2] = 'tick', string.format('%d', tick) end
  for _, lane in ipairs(lanes_changed) do
    values[#values + 1] = lane.number
    values[#values + 1] = pack('>I4I4I8B', lane.ready, lane.leased, lane.average, lane.flags) .. lane.descriptor
    lane.is_changed = false
  end
  lanes_changed = {}
  if #values > 0 then call('HSET', state_key, unpack(values)) end
end

-- Where the jobs of a tenant wait in a lane.
local function queue_key(lane, tenant) return prefix .. 'queue:' .. lane.number .. tenant end
