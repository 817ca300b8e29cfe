-- Shared: ending attempts. What a call amounts to is gathered first (`finish`, `requeue`) and written last (`settle`), so
-- that a call that refuses has written nothing.
local SUCCEEDED, FAILED, CANCELLED, RELEASED, EXPIRED = 0, 1, 2, 3, 4
local gone, outcomes, freed, reported, spent, bodies, events, delays, returned

at_begin(function()
  gone, outcomes, freed, reported, spent = {}, {}, {}, {}, {}
  bodies, events, delays, returned = {}, {}, {}, {}
end)

-- An outcome, after its own length: id, ending, whether final, attempt, token, worker, start, end, report.
local function note_outcome(id, ending, is_final, attempt, lease, ended_at, report)
  outcomes[#outcomes + 1] = pack('>I4', 60 + #report) .. id .. pack('>BBH', ending, is_final, attempt) .. lease
    .. ended_at .. report
end

local function note_end(id, record, ending, is_final, ended_at, report)
  note_outcome(id, ending, is_final, attempts_made(record) + 1, sub(record, 26, 57), ended_at, report)
  local worker, start, charge = worker_of(record), unpack_bytes('>I8I8', record, 50)
  local ids = freed[worker]
  if ids then ids[#ids + 1] = id else freed[worker] = { id } end
  if byte(record, 66) == 1 then reported[#reported + 1] = id end
  spent[#spent + 1] = {
    lane = lane_of(record), tenant = tenant_of(record), charge = charge,
    microseconds = unpack_bytes('>I8', ended_at) - start, is_telling = ending <= FAILED,
  }
end

-- The attempt ends, and its job with it.
local function finish(id, record, ending, ended_at, report)
  note_end(id, record, ending, 1, ended_at, report)
  gone[#gone + 1] = id
end

-- The attempt ends, and its job goes back to its old place with `made` attempts behind it, `lost` of which ended with
-- their workers; at once, or where `due` is given, then.
local function requeue(id, record, ending, made, lost_count, ended_at, report, due)
  note_end(id, record, ending, 0, ended_at, report)
  local state = due and '\3' or '\0'
  local body = state .. sub(record, 2, 4) .. pack('>HB', made, lost_count) .. sub(record, 8, 25) .. sub(record, 67)
  bodies[#bodies + 1], bodies[#bodies + 2] = id, body
  if due then delays[#delays + 1], delays[#delays + 2] = due, id else returned[#returned + 1] = { id, body } end
  events[#events + 1] = id .. 'R' .. string.char(ending)
end

-- The attempt ended badly: a job that its owner cancelled is finished so, one with attempts left is tried again, unless
-- it has lost its worker so often that it may be what kills workers.
local function retry_or_finish(id, record, ending, ended_at, report, due)
  local made, high, low = attempts_made(record) + 1, byte(record, 3, 4)
  local lost_count = math.min(255, byte(record, 7) + (ending == EXPIRED and 1 or 0))
  if byte(record) == 2 then
    finish(id, record, CANCELLED, ended_at, report)
  elseif made < high * 256 + low and (ending ~= EXPIRED or lost_count < WORKER_LOSSES_MAX) then
    requeue(id, record, ending, made, lost_count, ended_at, report, due)
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

-- Frees the leases of the ended attempts and forgets how far these were; their live logs go once nobody reads them any
-- more.
local function free_leases(retention)
  for worker, ids in pairs(freed) do call('HDEL', prefix .. 'held:' .. worker, unpack(ids)) end
  if #reported == 0 then return end
  call('HDEL', prefix .. 'progress', unpack(reported))
  for _, id in ipairs(reported) do call('EXPIRE', prefix .. 'log:' .. id, retention) end
end

local function return_jobs(given)
  if #bodies > 0 then call('HSET', jobs_key, unpack(bodies)) end
  delay(delays)
  local records = {}
  for index, pair in ipairs(returned) do records[index] = pair[2] end
  load_lanes_of(records, #records)
  for _, pair in ipairs(returned) do
    local lane = lanes[lane_of(pair[2])]
    if lane then arrive(lane, tenant_of(pair[2]), pair[1], pair[2]) end
  end
  make_ready(given)
end

-- Writes all of it: what ended, what that frees, and what comes back. `given` is the time as the call was given it.
local function settle(last, time, entries_max, retention, given)
  if #spent > 0 then account(spent, given) end
  local tick = #outcomes > 0 and math.max(last + 1, time) or nil
  if tick then
    if #gone > 0 then call('HDEL', jobs_key, unpack(gone)) end
    free_leases(retention)
    append('outcomes', 'b', tick, outcomes)
    announce(tick, events, entries_max)
    return_jobs(given)
  end
  save_tenants()
  save_limits()
  save_state(tick)
end

-- Whether each lease named (id, token, … every `step` arguments from `first` on) is still its caller's. Returns the
-- ids, their records (false where the lease is stale) and the verdicts; nil if an argument is malformed.
local function owned_leases(first, step)
  local ids = ids_of(first, step)
  if not ids or #ids == 0 or (#ARGV - first + 1) % step ~= 0 then return nil end
  local records, verdicts, seen = call('HMGET', jobs_key, unpack(ids)), {}, {}
  for index, id in ipairs(ids) do
    local token = ARGV[first + (index - 1) * step + 1]
    if seen[id] or not is_owned(records[index], token) then records[index] = false end
    if records[index] then seen[id] = true end
    verdicts[index] = records[index] and '1' or '0'
  end
  return ids, records, table.concat(verdicts)
end

-- A transition that ends leases by `end_one(id, record, ended_at, report)`.
-- ARGV     1 time in microseconds, or '' for the server's; 2 entries that the event log keeps; 3 seconds for which a
--          live log is kept; then per lease: job id, token, report
-- Returns  a string with, per lease, '1' (accepted) or '0' (stale)
local function ending_transition(name, end_one)
  transition(name, 'allow-oom', function()
    local ids, records, verdicts = owned_leases(4, 3)
    if not ids or not whole(ARGV[2]) or not whole(ARGV[3]) then
      return refuse('an end has an id, a token and a report')
    end
    local generation, last, time = open(ARGV[1])
    if not time then return refuse('the time is no number') end
    if not generation then return lost() end
    local ended_at = pack('>I8', time)
    for index, id in ipairs(ids) do
      if records[index] then end_one(id, records[index], ended_at, ARGV[3 * index + 3]) end
    end
    settle(last, time, ARGV[2], ARGV[3], ARGV[1])
    return verdicts
  end)
end
