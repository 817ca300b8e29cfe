-- Shared: lanes. The jobs of a lane can run on the same workers and stand before the same gates; they differ in tenant,
-- priority and age. `state` tells a lane's number (2 bytes) by its descriptor, and by its number:
--   1–12  how many are ready, leased and delayed (4 bytes each)
--   13–20 how long its attempts take, microseconds and 1; 0 where that is not known
--   21    flags: 1 a tenant may be found there (it is in `open:<tier>`), 2 a limit is set on its tier or capability, 4 a
--         worker keeps room for one of its jobs (see keeping.lua)
--   22    how many lanes are its kin, and the number of each (2)
--   …     its descriptor: priority class (1); one way to run its jobs: cpu millicores, memory bytes, gpu thousandths, and as
--         how many millicores they count (8 each), length of the tier's name (1) and that; length of the capability's name
--         (1) and that. Where its jobs may run in other ways, too, more follows: which of all ways it is (1), and all, the
--         preferred one first.
-- Jobs that may run in several ways wait in the lane of the preferred one, their home. Each other way has a lane, too, its
-- guest: a job that comes to run so counts there until its attempt ends. A home's kin are its guests, in the order in which
-- they are preferred; a guest's its home. The home's pool is that of all.
local lanes, lanes_changed, opened = {}, {}, {}
-- What a descriptor says is read once, not by every call: lanes by descriptor, of one prefix. By its number, too, a lane is
-- found that a call before read or wrote: where the same text is `packed` still, nothing has changed. And the lanes that the
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

-- Where the way to run jobs ends that begins at `at` in a descriptor; nil where there is none.
local function end_of_way(text, at)
  local length = byte(text, at + 32)
  return length and length > 0 and #text >= at + 32 + length and at + 32 + length or nil
end

-- The ways to run jobs that a descriptor lists from `at` on; nil where anything else is there.
local function ways_from(text, at)
  local ways = {}
  while at <= #text do
    local last = end_of_way(text, at)
    if not last then return nil end
    ways[#ways + 1] = sub(text, at, last)
    at = last + 1
  end
  return ways
end

-- Where the capability's name ends in a descriptor that begins well; nil for any other.
local function end_of_name(text)
  local class, last = byte(text, 1), end_of_way(text, 2)
  local length = last and byte(text, last + 1)
  return length and class <= 9 and #text >= last + 1 + length and last + 1 + length or nil
end

-- Whether it describes a lane in which jobs may wait.
local function is_descriptor(text)
  local last = end_of_name(text)
  if not last or #text == last then return last ~= nil end
  local ways = ways_from(text, last + 2)
  return byte(text, last + 1) == 0 and ways and #ways >= 2 and #ways <= WAYS_MAX and sub(text, 2, 1 + #ways[1]) == ways[1]
end

local function tier_of_way(way) return sub(way, 34) end

-- The descriptors of the guests of a home, in order.
local function guests_described(descriptor)
  local last, described_guests = end_of_name(descriptor), {}
  if last == #descriptor then return described_guests end
  local ways = ways_from(descriptor, last + 2)
  local name, list = sub(descriptor, 2 + #ways[1], last), sub(descriptor, last + 2)
  for place = 2, #ways do
    described_guests[place - 1] = sub(descriptor, 1, 1) .. ways[place] .. name .. string.char(place - 1) .. list
  end
  return described_guests
end

local function lane_described(descriptor)
  local class, cpu, memory, gpu, rate, length = unpack_bytes('>BI8I8I8I8B', descriptor)
  local tier, last = sub(descriptor, 35, 34 + length), end_of_name(descriptor)
  local rank = byte(descriptor, last + 1) or 0
  local home_tier = rank == 0 and tier or tier_of_way(ways_from(descriptor, last + 2)[1])
  described_count = described_count + 1
  return {
    descriptor = descriptor, class = class, cpu = cpu, memory = memory, gpu = gpu, rate = rate, tier = tier, rank = rank,
    capability = sub(descriptor, 36 + length, last), pool = prefix .. 'tenants:' .. class .. ':' .. home_tier,
  }
end

local function descriptor_of(packed) return sub(packed, 23 + 2 * byte(packed, 22)) end

local function lane_from(number, packed)
  local known = described[number]
  if known and known.packed == packed and known.number == number then
    known.is_changed, known.gates = false, nil
    if known.rank > 0 then known.home = nil end
    lanes[number] = known
    return known
  end
  local ready, leased, delayed, average, flags, kin_count = unpack_bytes('>I4I4I4I8BB', packed)
  local descriptor = sub(packed, 23 + 2 * kin_count)
  local lane = described[descriptor]
  if not lane then
    lane = lane_described(descriptor)
    described[descriptor] = lane
  end
  if lane.number ~= number or kin_count > 0 then
    lane.number, lane.age, lane.kin = number, unpack_bytes('>H', number), sub(packed, 23, 22 + 2 * kin_count)
    local home = lane.rank == 0 and number or lane.kin
    lane.home = lane.rank == 0 and lane or nil
    lane.key, lane.queue = prefix .. 'lane:' .. home, prefix .. 'queue:' .. home
  end
  -- What jobs are expected to weigh, by the weights of their tenants.
  if lane.average ~= average then lane.expected = {} end
  lane.ready, lane.leased, lane.delayed, lane.average, lane.flags = ready, leased, delayed, average, flags
  lane.is_changed, lane.gates, lane.packed = false, nil, packed
  lanes[number], described[number] = lane, lane
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

local load_lanes

-- Reads the homes of those of these lanes that are guests.
local function load_homes(numbers)
  local guests, homes
  for index = 1, #numbers do
    local lane = lanes[numbers[index]]
    if lane and not lane.home then
      guests, homes = guests or {}, homes or {}
      guests[#guests + 1], homes[#homes + 1] = lane, lane.kin
    end
  end
  if not guests then return end
  load_lanes(homes)
  for _, lane in ipairs(guests) do
    lane.home = lanes[lane.kin]
    if not lane.home then lanes[lane.number] = false end
  end
end

-- A server that was started again may have lost its last seconds, and with them ticks that it gave out. Where its clock is
-- ahead of them none is given out twice; but they may be ahead of the clock, which was set back. So the first that this
-- process gives out is further on than all that can have been lost.
local LEAP, has_leapt = 1000000, false

-- Reads `fields` of the state, and along with them the policy and the lanes that are likely to be asked for.
local function read_state(fields)
  local count = #fields + 1
  fields[count] = 'policy'
  for index = 1, #expected do fields[count + index] = expected[index] end
  local values = call('HMGET', state_key, unpack(fields))
  read_policy(values[count])
  if not has_leapt and fields[2] == 'tick' then values[2] = string.format('%d', (values[2] or 0) + LEAP) end
  for index = 1, #expected do
    local packed = values[count + index]
    if packed then lane_from(expected[index], packed) end
  end
  load_homes(expected)
  return values
end

-- The installed generation (false: none), the last tick given out, and the time.
local function open(given)
  local state = read_state({ 'generation', 'tick' })
  return state[1], tonumber(state[2] or 0), time_of(given)
end

-- Reads the lanes of these numbers, guests with their homes, as far as they are not known yet; those that nobody knows stay
-- out of `lanes`.
load_lanes = function(numbers)
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
  local known = call('HMGET', state_key, unpack(missing))
  for index = 1, #known do
    if known[index] then lane_from(missing[index], known[index]) end
  end
  load_homes(missing)
  for index = 1, #expected do missing[#missing + 1] = expected[index] end
  for index = #missing, EXPECTED_MAX + 1, -1 do missing[index] = nil end
  expected = missing
end

-- Lanes by their numbers, the oldest first.
local function lanes_in_order(numbers)
  load_lanes(numbers)
  local found = {}
  for index = 1, #numbers do found[#found + 1] = lanes[numbers[index]] or nil end
  if #found > 1 then table.sort(found, function(a, b) return a.age < b.age end) end
  return found
end

-- The lanes of a tier or capability, the oldest first.
local function lanes_behind(field) return lanes_in_order(call('SMEMBERS', prefix .. 'lanes:' .. field)) end

local function note_lane(lane)
  if lane.is_changed then return end
  lane.is_changed, lane.packed = true, nil
  lanes_changed[#lanes_changed + 1] = lane
end

local function count_ready(lane, change)
  local count = lane.ready + change
  lane.ready = count > 0 and count or 0
  if not lane.is_changed then note_lane(lane) end
end

local function count_leased(lane, change)
  local count = lane.leased + change
  lane.leased = count > 0 and count or 0
  if not lane.is_changed then note_lane(lane) end
end

local function count_delayed(lane, change)
  local count = lane.delayed + change
  lane.delayed = count > 0 and count or 0
  if not lane.is_changed then note_lane(lane) end
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

-- The open lanes of a tier by class: those that prefer it (`own`), and lists of those that do not, of one pool each, those to
-- which it is less odd first (`others`). And the classes, the greatest first.
local function open_classes(tier)
  local classes, in_order, groups = {}, {}, {}
  local all = open_lanes_in_order(tier)
  for index = 1, #all do
    local lane = all[index]
    local in_class = classes[lane.class]
    if not in_class then
      in_class = { own = {}, others = {} }
      classes[lane.class], in_order[#in_order + 1] = in_class, lane.class
    end
    local group = in_class.own
    if lane.rank > 0 then
      local name = lane.rank .. lane.pool
      group = groups[name] or { rank = lane.rank, age = lane.age }
      if not groups[name] then groups[name], in_class.others[#in_class.others + 1] = group, group end
    end
    group[#group + 1], lane.place = lane, #group + 1
  end
  if #in_order > 1 then table.sort(in_order, function(a, b) return a > b end) end
  for index = 1, #in_order do
    local others = classes[in_order[index]].others
    if #others > 1 then
      table.sort(others, function(a, b)
        if a.rank ~= b.rank then return a.rank < b.rank end
        return a.age < b.age
      end)
    end
  end
  return classes, in_order
end

-- The guests of a home, in the order in which they are preferred.
local function guests_of(lane)
  local guests = {}
  if lane.kin == '' or lane.rank > 0 then return guests end
  local numbers = {}
  for place = 1, #lane.kin, 2 do numbers[#numbers + 1] = sub(lane.kin, place, place + 1) end
  load_lanes(numbers)
  for _, number in ipairs(numbers) do guests[#guests + 1] = lanes[number] or nil end
  return guests
end

-- Lists a lane among the open ones of its tier, or not.
local function list_open(lane, value)
  local packed, others = open_lanes(lane.tier), {}
  for place = 1, #packed, 2 do
    local number = sub(packed, place, place + 1)
    if number ~= lane.number then others[#others + 1] = number end
  end
  if value then others[#others + 1] = lane.number end
  opened[lane.tier] = table.concat(others)
  call('HSET', state_key, 'open:' .. lane.tier, opened[lane.tier])
end

-- Whether workers that ask for jobs of its tier look into a lane, and those of its guests' tiers too.
local function set_open(lane, value)
  if is_open(lane) == value then return end
  lane.flags = lane.flags + (value and 1 or -1)
  note_lane(lane)
  list_open(lane, value)
  for _, guest in ipairs(guests_of(lane)) do list_open(guest, value) end
end

local function packed_lane(lane)
  local kin, descriptor = lane.kin, lane.descriptor
  return pack('>I4I4I4I8BBc0c0', lane.ready, lane.leased, lane.delayed, lane.average, lane.flags, #kin / 2, kin, descriptor)
end

-- Writes what the call has changed of lanes, and its tick where it took one.
local function save_state(tick)
  local values, count, changed = nil, 0, lanes_changed
  if tick then values, count, has_leapt = { 'tick', string.format('%d', tick) }, 2, true end
  for index = 1, #changed do
    local lane = changed[index]
    values = values or {}
    local packed = packed_lane(lane)
    values[count + 1], values[count + 2] = lane.number, packed
    count, lane.is_changed, lane.packed = count + 2, false, packed
  end
  if count > 0 then set_fields(state_key, values, count) end
  if changed[1] then lanes_changed = {} end
end
