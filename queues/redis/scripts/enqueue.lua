-- Makes jobs ready, or has them wait for their time, and wakes idle workers; leaves a job that is already held as it is,
-- unless its record cannot be read.
-- KEYS     1 the prefix of all keys
-- ARGV     1 time in microseconds, or '' for the server's; 2 '1' if a generation must be installed, else '0';
--          3 how many lanes, 1–1000; then their descriptors; then per job: its id, which of the lanes (1…), the
--          microsecond at which it is due, or '' for at once, its record, whose lane is filled in here
-- Returns  a string with, per job, '1' (taken) or '0' (already held)
-- Cost     O(n log N) for n jobs given and N ready

-- Why the arguments are none; nil where they are.
local function complaint(lane_count, first, ids)
  if not ids or #ids == 0 or (#ARGV - first + 1) % 4 ~= 0 then return 'jobs have an id, a lane, a time and a record' end
  for index = 4, first - 1 do
    if not is_descriptor(ARGV[index]) then return 'a lane is malformed' end
  end
  for index = first, #ARGV, 4 do
    local place, due, record = whole(ARGV[index + 1]), ARGV[index + 2], ARGV[index + 3]
    if not place or place < 1 or place > lane_count then return 'a job names no lane' end
    if not is_readable(record) or byte(record) ~= (due == '' and 0 or 3) or (due ~= '' and not whole(due)) then
      return 'a record is malformed'
    end
  end
  if ARGV[1] ~= '' and not whole(ARGV[1]) then return 'the time is no number' end
end

-- Gives the next number to a lane that is new.
local function add_lane(descriptor, count)
  local number = pack('>H', count)
  local lane = lane_from(number, pack('>I4I4I8B', 0, 0, 0, 0) .. descriptor)
  call('HSET', state_key, 'lanes', count, descriptor, number)
  call('SADD', prefix .. 'tiers', lane.tier)
  for _, field in ipairs({ 'T' .. lane.tier, 'C' .. lane.capability }) do
    call('SADD', prefix .. 'lanes:' .. field, number)
    if gate_of(field) then lane.flags = 2 end
  end
  note_lane(lane)
  return number
end

-- The lanes of the descriptors; nil, and nothing written, where one is one too many.
local function lanes_named(descriptors)
  local numbers, named, new, is_new = call('HMGET', state_key, unpack(descriptors)), {}, {}, {}
  for index, descriptor in ipairs(descriptors) do
    if not numbers[index] and not is_new[descriptor] then
      is_new[descriptor] = true
      new[#new + 1] = descriptor
    end
  end
  if #new > 0 then
    local count = tonumber(call('HGET', state_key, 'lanes') or 0)
    if count + #new > LANES_MAX then return nil end
    for place, descriptor in ipairs(new) do is_new[descriptor] = add_lane(descriptor, count + place) end
  end
  for index, descriptor in ipairs(descriptors) do numbers[index] = numbers[index] or is_new[descriptor] end
  load_lanes(numbers)
  for index, number in ipairs(numbers) do named[index] = lanes[number] end
  return named
end

transition('enqueue', nil, function()
  local lane_count = whole(ARGV[3])
  if not lane_count or lane_count < 1 or lane_count > 1000 then return refuse('lanes come first') end
  local first = 4 + lane_count
  local ids = ids_of(first, 4)
  local wrong = complaint(lane_count, first, ids)
  if wrong then return refuse(wrong) end
  if ARGV[2] == '1' and not call('HGET', state_key, 'generation') then return lost() end
  local descriptors = {}
  for index = 1, lane_count do descriptors[index] = ARGV[3 + index] end
  local named = lanes_named(descriptors)
  if not named then return redis.error_reply('LANES there are as many lanes as may be') end

  local held, verdicts, bodies, delays = call('HMGET', jobs_key, unpack(ids)), {}, {}, {}
  for index, id in ipairs(ids) do
    -- A job whose record cannot be read is as good as not held.
    if held[index] and not bodies[id] and not is_readable(held[index]) then
      set_record_aside(id, held[index])
      held[index] = false
    end
    verdicts[index] = (held[index] or bodies[id]) and '0' or '1'
    if verdicts[index] == '1' then
      local at = first + 4 * (index - 1)
      local lane, due, record = named[tonumber(ARGV[at + 1])], ARGV[at + 2], ARGV[at + 3]
      record = sub(record, 1, 7) .. lane.number .. sub(record, 10)
      bodies[id] = true
      bodies[#bodies + 1], bodies[#bodies + 2] = id, record
      if due == '' then
        arrive(lane, tenant_of(record), id, record)
      else
        delays[#delays + 1], delays[#delays + 2] = due, id
      end
    end
  end
  if #bodies > 0 then call('HSET', jobs_key, unpack(bodies)) end
  delay(delays)
  make_ready(ARGV[1])
  save_tenants()
  save_state()
  return table.concat(verdicts)
end)
