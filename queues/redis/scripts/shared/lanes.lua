-- Shared: lanes. The jobs of a lane can run on the same workers and stand before the same gates; they differ in tenant,
-- priority and age. `lanes` tells a lane's descriptor by its number (2 bytes), and its number by its descriptor:
--   1     priority class
--   2–33  cpu millicores, memory bytes, gpu thousandths, and as how many millicores its jobs count (8 bytes each)
--   34    length of the tier's name; then the tier's and the capability's name
local lanes_key, counts_key = prefix .. 'lanes', prefix .. 'counts'

local function is_descriptor(text)
  local class, length = string.byte(text, 1), string.byte(text, 34)
  return length and class <= 9 and length > 0 and #text > 34 + length and #text <= 34 + length + 255
end

local function lane_from(number, descriptor)
  local class, cpu, memory, gpu, rate, length = struct.unpack('>BI8I8I8I8B', descriptor)
  local tier = string.sub(descriptor, 35, 34 + length)
  return {
    number = number, descriptor = descriptor, class = class, cpu = cpu, memory = memory, gpu = gpu, rate = rate,
    tier = tier, tier_gate = 'T' .. tier, capability_gate = 'C' .. string.sub(descriptor, 35 + length),
    key = prefix .. 'lane:' .. number, pool = prefix .. 'tags:' .. class .. ':' .. tier,
  }
end

-- Lanes by their numbers; those that nobody knows are left out.
local function lanes_numbered(numbers)
  local lanes = {}
  if #numbers == 0 then return lanes end
  for index, descriptor in ipairs(call('HMGET', lanes_key, unpack(numbers))) do
    if descriptor then lanes[numbers[index]] = lane_from(numbers[index], descriptor) end
  end
  return lanes
end

-- Lanes by their numbers, the oldest first.
local function lanes_in_order(numbers)
  local known, lanes = lanes_numbered(numbers), {}
  for _, lane in pairs(known) do lanes[#lanes + 1] = lane end
  table.sort(lanes, function(a, b) return struct.unpack('>H', a.number) < struct.unpack('>H', b.number) end)
  return lanes
end

-- The lanes of a tier or capability, the oldest first.
local function lanes_behind(gate_field) return lanes_in_order(call('SMEMBERS', prefix .. 'lanes:' .. gate_field)) end

-- The lanes of jobs, by number; `records` may have gaps.
local function lanes_of(records, count)
  local numbers, seen = {}, {}
  for index = 1, count do
    local number = records[index] and lane_of(records[index])
    if number and not seen[number] then
      seen[number] = true
      numbers[#numbers + 1] = number
    end
  end
  return lanes_numbered(numbers)
end

-- Where the jobs of a tenant wait in a lane.
local function queue_key(lane, tenant) return prefix .. 'queue:' .. lane.number .. tenant end
