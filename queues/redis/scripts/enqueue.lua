-- Makes jobs ready, or has them wait for their time, and wakes idle workers; leaves a job that is already held as it is,
-- unless its record cannot be read.
-- KEYS     1 the prefix of all keys
-- ARGV     1 time in microseconds, or '' for the server's; 2 '1' if a generation must be installed, else '0';
--          3 how many lanes, 1–1000; per lane: its descriptor, how many of the jobs are ready there, how many delayed;
--          then, lane by lane, per ready job: its id, its record from the third byte on; per delayed job: its id, that
--          of its record, the microsecond at which it is due; and per job whose flags say so, after these, the
--          microsecond by which it has to have started
-- Returns  a string with, per job, '1' (taken) or '0' (already held)
-- Cost     O(n log N) for n jobs given and N ready

-- What the arguments say: the ids of the jobs, their records, by index when they are due and by when they have to have
-- started, and per lane its descriptor and how many jobs it has. Nil and a complaint where they are malformed.
local function parsed(lane_count)
  local ids, records, dues, starts, count, at = {}, {}, {}, {}, 0, 4 + 3 * lane_count
  local descriptors, counts = {}, {}
  for number = 1, lane_count do
    local first = 1 + 3 * number
    local descriptor, ready, delayed = ARGV[first], whole(ARGV[first + 1]), whole(ARGV[first + 2])
    if not descriptor or not is_descriptor(descriptor) or not ready or not delayed or ready + delayed > 1000 then
      return nil, 'a lane is malformed'
    end
    descriptors[number], counts[number] = descriptor, ready + delayed
    if #ARGV < at + 2 * ready + 3 * delayed - 1 then return nil, 'jobs have an id, a record and a time' end
    for place = 1, ready + delayed do
      local id, record, due, start_by = ARGV[at], ARGV[at + 1], nil, nil
      at = at + 2
      if not record then return nil, 'jobs have an id, a record and a time' end
      if place > ready then
        due = ARGV[at]
        at = at + 1
        if not whole(due) then return nil, 'a time is no number' end
      end
      local flags, priority = byte(record, 17, 18)
      if #id ~= 16 or #record < 23 or flags > 7 or flags % 2 ~= (due and 1 or 0) or priority > 100 then
        return nil, 'a job is malformed'
      end
      if flags % 4 >= 2 then
        start_by = ARGV[at]
        at = at + 1
        if not whole(start_by) then return nil, 'a time is no number' end
      end
      count = count + 1
      ids[count], records[count], dues[count], starts[count] = id, record, due, start_by
    end
  end
  if count == 0 or count > 1000 or at ~= #ARGV + 1 then return nil, 'jobs have an id, a record and a time' end
  return ids, records, dues, descriptors, counts, starts
end

-- Makes a lane of this number that is new.
local function add_lane(descriptor, number)
  local lane = lane_from(number, pack('>I4I4I4I8B', 0, 0, 0, 0, 0) .. descriptor)
  call('HSET', state_key, descriptor, number)
  call('SADD', prefix .. 'tiers', lane.tier)
  for _, field in ipairs({ 'T' .. lane.tier, 'C' .. lane.capability }) do
    call('SADD', prefix .. 'lanes:' .. field, number)
    if gate_of(field) then set_lane_flag(lane, 2, true) end
  end
  note_lane(lane)
end

-- Forgets a lane that has no jobs.
local function remove_lane(lane)
  set_open(lane, false)
  stop_keeping(lane)
  for _, field in ipairs({ 'T' .. lane.tier, 'C' .. lane.capability }) do
    call('SREM', prefix .. 'lanes:' .. field, lane.number)
  end
  call('HDEL', state_key, lane.descriptor)
  call('DEL', lane.key)
  described[lane.descriptor], lanes[lane.number] = nil, nil
end

-- Numbers for so many new lanes: the next ones, and where all have been given out, those of lanes that have no jobs and
-- are not `asked` for, the oldest first. Nil, and nothing written, where there are not so many.
local function free_numbers(wanted, asked)
  local count, numbers, empty = tonumber(call('HGET', state_key, 'lanes') or 0), {}, {}
  local fresh = min(wanted, max(0, LANES_MAX - count))
  if fresh < wanted then
    for number = 1, count do
      local packed = call('HGET', state_key, pack('>H', number))
      if packed and #empty < wanted - fresh and sub(packed, 1, 12) == string.rep('\0', 12) and not asked[sub(packed, 22)] then
        empty[#empty + 1] = pack('>H', number)
      end
    end
    if #empty < wanted - fresh then return nil end
    for _, lane in ipairs(lanes_in_order(empty)) do remove_lane(lane) end
  end
  for place = 1, fresh do numbers[place] = pack('>H', count + place) end
  for place, number in ipairs(empty) do numbers[fresh + place] = number end
  if fresh > 0 then call('HSET', state_key, 'lanes', count + fresh) end
  return numbers
end

-- The lanes of the descriptors, whose numbers `state` tells from its second value on; nil, and nothing written, where
-- one is one too many.
local function lanes_named(descriptors, state)
  local numbers, named, new, is_new, asked = {}, {}, {}, {}, {}
  for index, descriptor in ipairs(descriptors) do
    numbers[index], asked[descriptor] = state[index + 1], true
    if not numbers[index] and not is_new[descriptor] then
      is_new[descriptor] = true
      new[#new + 1] = descriptor
    end
  end
  if #new > 0 then
    local free = free_numbers(#new, asked)
    if not free then return nil end
    for place, descriptor in ipairs(new) do
      is_new[descriptor] = free[place]
      add_lane(descriptor, free[place])
    end
  end
  for index, descriptor in ipairs(descriptors) do numbers[index] = numbers[index] or is_new[descriptor] end
  load_lanes(numbers)
  for index, number in ipairs(numbers) do named[index] = lanes[number] end
  return named
end

-- Takes out of the queue what is held of these jobs and cannot be read: such a job is as good as not held.
local function set_unreadable_aside(ids, held)
  local leased = {}
  for index, id in ipairs(ids) do
    if held[index] and not is_readable(held[index]) then
      if not leased[id] then set_record_aside(id, held[index]) end
      leased[id], leased[#leased + 1], held[index] = true, id, false
    end
  end
  drop_leases(leased)
  account(ARGV[1])
end

transition('enqueue', nil, function()
  local lane_count = whole(ARGV[3])
  if not lane_count or lane_count < 1 or lane_count > 1000 then return refuse('lanes come first') end
  local ids, records, dues, descriptors, counts, starts = parsed(lane_count)
  if not ids then return refuse(records) end
  if ARGV[1] ~= '' and not whole(ARGV[1]) then return refuse('the time is no number') end
  local fields = { 'generation' }
  for index, descriptor in ipairs(descriptors) do fields[index + 1] = descriptor end
  local state = read_state(fields)
  if ARGV[2] == '1' and not state[1] then return lost() end
  local named = lanes_named(descriptors, state)
  if not named then return redis.error_reply('LANES there are as many lanes as may be') end

  local held, verdicts, bodies, timers, seen = call('HMGET', jobs_key, unpack(ids)), {}, {}, {}, {}
  local has_unreadable = false
  for _, record in ipairs(held) do has_unreadable = has_unreadable or record and not is_readable(record) end
  if has_unreadable then set_unreadable_aside(ids, held) end
  local index, size = 0, 0
  for place, lane in ipairs(named) do
    for _ = 1, counts[place] do
      index = index + 1
      local id, record, due = ids[index], records[index], dues[index]
      if held[index] or seen[id] then
        verdicts[index] = '0'
      else
        verdicts[index], seen[id] = '1', true
        bodies[size + 1], bodies[size + 2] = id, lane.number .. record
        size = size + 2
        if due then
          timers[#timers + 1], timers[#timers + 2] = due, id
          count_delayed(lane, 1)
        else
          arrive(lane, sub(record, 1, 16), id, byte(record, 18))
        end
        if starts[index] then timers[#timers + 1], timers[#timers + 2] = starts[index], 'x' .. id end
      end
    end
  end
  if size > 0 then call('HSET', jobs_key, unpack(bodies)) end
  set_timers(timers)
  make_ready(ARGV[1])
  save()
  return table.concat(verdicts)
end)
