-- Makes jobs ready, or has them wait for their time, and wakes idle workers; leaves a job that is already held as it is,
-- unless its record cannot be read.
-- KEYS     1 the prefix of all keys
-- ARGV     1 time in microseconds, or '' for the server's; 2 '1' if a generation must be installed, else '0';
--          3 how many lanes, 1–1000; per lane its descriptor and how many tenants; and after each lane per tenant of these its
--          id and how many jobs, at least 1; then, in that order, all jobs' ids; then their records from the flags on; then
--          per job whose flags say so the microsecond at which it is due, that by which it has to have started. No id comes
--          twice, which is for the caller to see to
-- Returns  a string with, per job, '1' (taken) or '0' (already held)
-- Cost     O(n log N) for n jobs given and N ready

-- How the arguments are laid out: how many jobs, where their ids begin, and the descriptors of the lanes. Nil and a
-- complaint where they are malformed.
local function layout(lane_count)
  local descriptors, count, at = {}, 0, 4
  for lane = 1, lane_count do
    local descriptor, tenants = ARGV[at], whole(ARGV[at + 1])
    at = at + 2
    if not descriptor or not is_descriptor(descriptor) or not tenants or tenants > 1000 then
      return nil, 'a lane is malformed'
    end
    descriptors[lane] = descriptor
    for index = at, at + 2 * tenants - 2, 2 do
      local jobs = whole(ARGV[index + 1])
      if not jobs or #ARGV[index] ~= 16 or jobs < 1 then return nil, 'a tenant is malformed' end
      count = count + jobs
    end
    at = at + 2 * tenants
    if count > 1000 then return nil, 'there are more than 1000 jobs' end
  end
  if count == 0 or #ARGV < at + 2 * count - 1 then return nil, 'jobs have an id and a record' end
  return count, at, descriptors
end

-- Of the call: where the ids of its jobs begin and how many there are; their priorities; by their place when they are due
-- and by when they have to have started; which are held already; the verdicts, where not all are taken.
local first, count, priorities, dues, starts, held, verdicts = 0, 0, {}, nil, nil, nil, nil
-- What it writes: records by id, and timers. And scores by id, of one tenant.
local bodies, size, timers, places = {}, 0, nil, {}

-- Reads what is said of the jobs. Returns a complaint where that is malformed.
local function read_jobs()
  local at = first + 2 * count
  for index = 1, count do
    local flags, _, _, _, _, _, priority = byte(ARGV[first + count + index - 1], 1, 7)
    if not priority or flags > 7 or priority > 100 or #ARGV[first + index - 1] ~= 16 then return 'a job is malformed' end
    priorities[index] = priority
    if flags > 0 and flags ~= 4 then
      local due, start_by
      if flags % 2 == 1 then due, at = ARGV[at] or '', at + 1 end
      if flags % 4 >= 2 then start_by, at = ARGV[at] or '', at + 1 end
      if due and not whole(due) or start_by and not whole(start_by) then return 'a time is no number' end
      dues[index], starts[index] = due, start_by
    end
  end
  if at ~= #ARGV + 1 then return 'there is more than jobs and their times' end
end

-- Makes a lane of this number that is new.
local function add_lane(descriptor, number, kin)
  local packed = pack('>I4I4I4I8BB', 0, 0, 0, 0, 0, #kin / 2) .. kin .. descriptor
  local lane = lane_from(number, packed)
  call('HSET', state_key, descriptor, number, number, packed)
  call('SADD', prefix .. 'tiers', lane.tier)
  for _, field in ipairs({ 'T' .. lane.tier, 'C' .. lane.capability }) do
    call('SADD', prefix .. 'lanes:' .. field, number)
    if gate_of(field) then set_lane_flag(lane, 2, true) end
  end
  note_lane(lane)
  return lane
end

-- Makes a lane that is new, and its guests, of the numbers from `place` on.
local function add_family(descriptor, numbers, place)
  local guests = guests_described(descriptor)
  local home = add_lane(descriptor, numbers[place], table.concat(numbers, '', place + 1, place + #guests))
  for rank, guest in ipairs(guests) do
    add_lane(guest, numbers[place + rank], home.number).home = home
  end
  return home.number
end

-- Forgets a lane that has no jobs.
local function remove_lane(lane)
  for _, field in ipairs({ 'T' .. lane.tier, 'C' .. lane.capability }) do
    call('SREM', prefix .. 'lanes:' .. field, lane.number)
  end
  call('HDEL', state_key, lane.descriptor, lane.number)
  described[lane.descriptor], described[lane.number], lanes[lane.number] = nil, nil, nil
end

-- Forgets a home that has no jobs, with its guests.
local function remove_family(home)
  set_open(home, false)
  stop_keeping(home)
  for _, guest in ipairs(guests_of(home)) do remove_lane(guest) end
  call('DEL', home.key)
  remove_lane(home)
end

local function has_jobs(packed) return sub(packed, 1, 12) ~= string.rep('\0', 12) end

-- The numbers of a home and its guests, where none of them has jobs.
local function empty_family(number, packed)
  local numbers = { number }
  if has_jobs(packed) then return nil end
  for at = 23, 22 + 2 * byte(packed, 22), 2 do
    local kin = sub(packed, at, at + 1)
    local told = call('HGET', state_key, kin)
    if told and has_jobs(told) then return nil end
    numbers[#numbers + 1] = kin
  end
  return numbers
end

-- Numbers that may be had again: of no lane, and of those that have no jobs and are not `asked` for, the oldest first, until
-- there are so many. Returns them, and the homes that have to go for that.
local function numbers_left(wanted, count, asked)
  local numbers, homes = {}, {}
  for place = 1, count do
    if #numbers >= wanted then break end
    local number = pack('>H', place)
    local packed = call('HGET', state_key, number)
    local family = packed and is_descriptor(descriptor_of(packed)) and not asked[descriptor_of(packed)]
      and empty_family(number, packed)
    if not packed then family = { number } elseif family then homes[#homes + 1] = number end
    for _, one in ipairs(family or {}) do numbers[#numbers + 1] = one end
  end
  return numbers, homes
end

-- Numbers for so many new lanes: the next ones, and where all have been given out, those that may be had again. Nil, and
-- nothing written, where there are not so many.
local function free_numbers(wanted, asked)
  local count, numbers = tonumber(call('HGET', state_key, 'lanes') or 0), {}
  local fresh = min(wanted, max(0, LANES_MAX - count))
  for place = 1, fresh do numbers[place] = pack('>H', count + place) end
  if fresh < wanted then
    local left, homes = numbers_left(wanted - fresh, count, asked)
    if #left < wanted - fresh then return nil end
    for _, lane in ipairs(lanes_in_order(homes)) do remove_family(lane) end
    for _, number in ipairs(left) do numbers[#numbers + 1] = number end
  end
  if fresh > 0 then call('HSET', state_key, 'lanes', count + fresh) end
  return numbers
end

-- Makes the lanes of those of the descriptors that have no number, and tells `numbers` of them. Returns false, and nothing
-- written, where one is one too many.
local function add_missing(descriptors, numbers)
  local new, is_new, asked, wanted = {}, {}, {}, 0
  for index, descriptor in ipairs(descriptors) do
    asked[descriptor] = true
    if not numbers[index] and not is_new[descriptor] then
      is_new[descriptor] = true
      new[#new + 1] = descriptor
      wanted = wanted + 1 + #guests_described(descriptor)
    end
  end
  local free, place = free_numbers(wanted, asked), 1
  if not free then return false end
  for _, descriptor in ipairs(new) do
    is_new[descriptor] = add_family(descriptor, free, place)
    place = place + 1 + #guests_described(descriptor)
  end
  for index, descriptor in ipairs(descriptors) do numbers[index] = numbers[index] or is_new[descriptor] end
  return true
end

-- The lanes of the descriptors, whose numbers `state` tells from its second value on; nil, and nothing written, where
-- one is one too many.
local function lanes_named(descriptors, state)
  local numbers, named, all_known = {}, {}, true
  for index = 1, #descriptors do
    numbers[index] = state[index + 1]
    all_known = all_known and numbers[index]
  end
  if not all_known and not add_missing(descriptors, numbers) then return nil end
  load_lanes(numbers)
  for index = 1, #numbers do named[index] = lanes[numbers[index]] end
  return named
end

-- Takes out of the queue what is held of the jobs and cannot be read: such a job is as good as not held.
local function set_unreadable_aside()
  local leased
  for index = 1, count do
    local record = held[index]
    if record and not is_readable(record) then
      local id = ARGV[first + index - 1]
      set_record_aside(id, record)
      leased, held[index] = leased or {}, false
      leased[#leased + 1] = id
    end
  end
  if not leased then return end
  drop_leases(leased)
  account(ARGV[1])
end

local function turn_down(index)
  verdicts = verdicts or {}
  verdicts[index] = '0'
end

-- Takes jobs of a tenant that are not held, so many from place `next` on.
local function take_jobs(arrival, tenant, next, jobs)
  local head, placed = arrival.lane.number .. tenant, 0
  local texts = ageing == 0 and score_texts
  for index = next, next + jobs - 1 do
    if held[index] then
      turn_down(index)
    else
      local id, due, start_by = ARGV[first + index - 1], dues[index], starts[index]
      bodies[size + 1], bodies[size + 2] = id, head .. ARGV[first + count + index - 1]
      size = size + 2
      if due then
        timers[#timers + 1], timers[#timers + 2] = due, id
        count_delayed(arrival.lane, 1)
      else
        places[placed + 1] = texts and texts[priorities[index]] or score_of(priorities[index], id)
        places[placed + 2] = id
        placed = placed + 2
      end
      if start_by then timers[#timers + 1], timers[#timers + 2] = start_by, 'x' .. id end
    end
  end
  if placed > 0 then enter(arrival, tenant, places, placed) end
end

-- Takes the jobs, lane by lane, and tenant by tenant.
local function take_all(named)
  local at, next = 4, 1
  for place = 1, #named do
    local lane = named[place]
    local tenants, arrival = whole(ARGV[at + 1]), arrival_in(lane)
    for index = at + 2, at + 2 * tenants, 2 do
      local jobs = whole(ARGV[index + 1])
      take_jobs(arrival, ARGV[index], next, jobs)
      next = next + jobs
    end
    announce_ready(arrival, ARGV[1])
    at = at + 2 + 2 * tenants
  end
end

-- One character per job.
local function verdicts_told()
  if not verdicts then return string.rep('1', count) end
  for index = 1, count do verdicts[index] = verdicts[index] or '1' end
  return table.concat(verdicts, '', 1, count)
end

transition('enqueue', nil, function()
  local lane_count = whole(ARGV[3])
  if not lane_count or lane_count < 1 or lane_count > 1000 then return refuse('lanes come first') end
  local jobs, at, descriptors = layout(lane_count)
  if not jobs then return refuse(at) end
  count, first, dues, starts = jobs, at, {}, {}
  local complaint = read_jobs()
  if complaint then return refuse(complaint) end
  if ARGV[1] ~= '' and not whole(ARGV[1]) then return refuse('the time is no number') end
  local fields = { 'generation' }
  for index = 1, #descriptors do fields[index + 1] = descriptors[index] end
  local state = read_state(fields)
  if ARGV[2] == '1' and not state[1] then return lost() end
  local named = lanes_named(descriptors, state)
  if not named then return redis.error_reply('LANES there are as many lanes as may be') end

  held = call('HMGET', jobs_key, unpack(ARGV, first, first + count - 1))
  size, timers, verdicts = 0, {}, nil
  set_unreadable_aside()
  take_all(named)
  if size > 0 then call('HSET', jobs_key, unpack(bodies, 1, size)) end
  -- Payloads are not kept until the next call.
  bodies, held = {}, nil
  set_timers(timers)
  save()
  return verdicts_told()
end)
