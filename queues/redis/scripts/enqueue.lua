#!lua
-- Makes jobs ready, or has them wait for their time, and wakes idle workers; leaves a job that is already held as it is,
-- unless its record cannot be read.
-- KEYS     1 the prefix of all keys
-- ARGV     1 time in microseconds, or '' for the server's; 2 '1' if a generation must be installed, else '0';
--          3 how many lanes, 1–1000; then their descriptors; then per job: its id, which of the lanes (1…), the
--          microsecond at which it is due, or '' for at once, its record, whose lane is filled in here
-- Returns  a string with, per job, '1' (taken) or '0' (already held)
-- Cost     O(n log N) for n jobs given and N ready
local lane_count = whole(ARGV[3])
if not lane_count or lane_count < 1 or lane_count > 1000 then return refuse('lanes come first') end
local first = 4 + lane_count
local ids = ids_of(first, 4)
if not ids or #ids == 0 or (#ARGV - first + 1) % 4 ~= 0 then
  return refuse('jobs have an id, a lane, a time and a record')
end
for index = 4, first - 1 do
  if not is_descriptor(ARGV[index]) then return refuse('a lane is malformed') end
end
for index = first, #ARGV, 4 do
  local place, due, record = whole(ARGV[index + 1]), ARGV[index + 2], ARGV[index + 3]
  if not place or place < 1 or place > lane_count then return refuse('a job names no lane') end
  if not is_readable(record) or byte(record) ~= (due == '' and 0 or 3) or (due ~= '' and not whole(due)) then
    return refuse('a record is malformed')
  end
end
if ARGV[1] ~= '' and not whole(ARGV[1]) then return refuse('the time is no number') end
if ARGV[2] == '1' and not call('HGET', state_key, 'generation') then return lost() end

local descriptors = {}
for index = 1, lane_count do descriptors[index] = ARGV[3 + index] end
local numbers, lanes = call('HMGET', lanes_key, unpack(descriptors)), {}
for index, descriptor in ipairs(descriptors) do
  -- The same lane may be given twice.
  local number = numbers[index] or call('HGET', lanes_key, descriptor)
  if not number then
    local count = call('HLEN', lanes_key) / 2
    if count >= LANES_MAX then return redis.error_reply('LANES there are ' .. count .. ' lanes already') end
    number = struct.pack('>H', count + 1)
    call('HSET', lanes_key, descriptor, number, number, descriptor)
  end
  lanes[index] = lane_from(number, descriptor)
  if not numbers[index] then
    call('SADD', prefix .. 'tiers', lanes[index].tier)
    call('SADD', prefix .. 'lanes:' .. lanes[index].tier_gate, number)
    call('SADD', prefix .. 'lanes:' .. lanes[index].capability_gate, number)
  end
end

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
    local lane, due, record = lanes[tonumber(ARGV[at + 1])], ARGV[at + 2], ARGV[at + 3]
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
return table.concat(verdicts)
