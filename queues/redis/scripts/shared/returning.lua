-- Shared: jobs that come back after an attempt (`requeue`), written after what ended (`settle_all`).
local bodies, events, delays, returned = {}, {}, {}, {}

-- The attempt ends, and its job goes back to its old place with `made` attempts behind it, `lost` of which ended with
-- their workers; at once, or where `due` is given, then.
local function requeue(id, record, ending, made, lost, ended_at, report, due)
  note_end(id, record, ending, 0, ended_at, report)
  local state = due and '\3' or '\0'
  local body = state .. sub(record, 2, 4) .. struct.pack('>HB', made, lost) .. sub(record, 8, 25) .. sub(record, 66)
  bodies[#bodies + 1], bodies[#bodies + 2] = id, body
  if due then delays[#delays + 1], delays[#delays + 2] = due, id else returned[#returned + 1] = { id, body } end
  events[#events + 1] = id .. 'R' .. string.char(ending)
end

-- The attempt ended badly: a job that its owner cancelled is finished so, one with attempts left is tried again, unless
-- it has lost its worker so often that it may be what kills workers.
local function retry_or_finish(id, record, ending, ended_at, report, due)
  local made, high, low = attempts_made(record) + 1, byte(record, 3, 4)
  local lost = math.min(255, byte(record, 7) + (ending == EXPIRED and 1 or 0))
  if byte(record) == 2 then
    finish(id, record, CANCELLED, ended_at, report)
  elseif made < high * 256 + low and (ending ~= EXPIRED or lost < WORKER_LOSSES_MAX) then
    requeue(id, record, ending, made, lost, ended_at, report, due)
  else
    finish(id, record, ending, ended_at, report)
  end
end

-- The attempt is handed back and does not count; a job that its owner cancelled is finished so.
local function hand_back(id, record, ended_at, report)
  if byte(record) == 2 then
    finish(id, record, CANCELLED, ended_at, report)
  else
    requeue(id, record, RELEASED, attempts_made(record), byte(record, 7), ended_at, report)
  end
end

-- Writes all of it, what ended and what comes back.
local function settle_all(last, time, entries_max, retention)
  local tick = settle(last, time, retention, ARGV[1])
  if not tick then return end
  if #bodies > 0 then call('HSET', jobs_key, unpack(bodies)) end
  announce(tick, events, entries_max)
  delay(delays)
  local records = {}
  for index, pair in ipairs(returned) do records[index] = pair[2] end
  local lanes = lanes_of(records, #records)
  for _, pair in ipairs(returned) do
    local lane = lanes[lane_of(pair[2])]
    if lane then arrive(lane, tenant_of(pair[2]), pair[1], pair[2]) end
  end
  make_ready(ARGV[1])
end
