-- Shared: ending attempts. What a call amounts to is gathered first (`finish`, `requeue`) and written last (`settle`), so
-- that a call that refuses has written nothing.
local SUCCEEDED, FAILED, CANCELLED, RELEASED, EXPIRED = 0, 1, 2, 3, 4
-- And the class of the job for which an attempt was preempted.
local PREEMPTED = 16
local gone, outcomes, freed, reported, events, returned, past = {}, {}, {}, {}, {}, {}, {}

at_begin(function()
  gone, outcomes, freed, past = emptied(gone), emptied(outcomes), emptied(freed), emptied(past)
  reported, events, returned = emptied(reported), emptied(events), emptied(returned)
end)

-- An outcome, after its own length: id, ending, whether final, attempt, token, start, worker, end, report.
local function note_outcome(id, ending, is_final, attempt, token_and_start, worker, ended_at, report)
  outcomes[#outcomes + 1] = pack('>I4', 60 + #report) .. id .. pack('>BBH', ending, is_final, attempt)
    .. token_and_start .. worker .. ended_at .. report
end

-- `time` is when the call happens, in microseconds and packed.
local function note_end(worker, id, lease, ending, is_final, time, ended_at, report)
  note_outcome(id, ending, is_final, attempts_made(lease) + 1, sub(lease, 1, 16), worker, ended_at, report)
  local start, charge = unpack_bytes('>I8I8', lease, 9)
  local ids = freed[worker]
  if ids then ids[#ids + 1] = id else freed[worker] = { id } end
  if has_flag(lease, HAS_REPORTED) then reported[#reported + 1] = id end
  note_ended(sub(lease, 26, 27), sub(lease, 28, 43), charge, time - start, ending <= FAILED)
end

-- The attempt ends, and its job with it.
local function finish(worker, id, lease, ending, time, ended_at, report)
  note_end(worker, id, lease, ending, 1, time, ended_at, report)
  gone[#gone + 1] = id
  if had_start_by(lease) then past[#past + 1] = 'x' .. id end
end

-- A job that was taken out before any attempt.
local function finish_unstarted(id, ending, ended_at)
  local nothing = string.rep('\0', 16)
  note_outcome(id, ending, 1, 0, nothing, nothing, ended_at, '')
  gone[#gone + 1] = id
end

-- The attempt ends, and its job goes back to its old place with `made` attempts behind it, `lost_count` of which ended
-- with their workers; at once, or where `due` is given, then. One that was preempted has started: that was its time.
local function requeue(worker, id, lease, ending, made, lost_count, time, ended_at, report, due)
  note_end(worker, id, lease, ending, 0, time, ended_at, report)
  local has_started = ending >= PREEMPTED and had_start_by(lease)
  if has_started then past[#past + 1] = 'x' .. id end
  returned[#returned + 1] = {
    id = id, lease = lease, made = made, lost = lost_count, due = due, has_started = has_started,
  }
  events[#events + 1] = id .. 'R' .. string.char(ending)
end

-- The attempt ended badly: a job that its owner cancelled is finished so, one with attempts left is tried again, unless
-- it has lost its worker so often that it may be what kills workers.
local function retry_or_finish(worker, id, lease, ending, time, ended_at, report, due)
  local high, low = byte(lease, 46, 47)
  local made, lost_count = attempts_made(lease) + 1, min(255, byte(lease, 50) + (ending == EXPIRED and 1 or 0))
  if has_flag(lease, TO_BE_CANCELLED) then
    finish(worker, id, lease, CANCELLED, time, ended_at, report)
  elseif made < high * 256 + low and (ending ~= EXPIRED or lost_count < WORKER_LOSSES_MAX) then
    requeue(worker, id, lease, ending, made, lost_count, time, ended_at, report, due)
  else
    finish(worker, id, lease, ending, time, ended_at, report)
  end
end

-- The attempt is handed back, or was preempted, and does not count; a job that its owner cancelled is finished so, and so
-- is one that was to have started by now where no other attempt has begun. One that its worker never knew of was not
-- preempted.
local function hand_back(worker, id, lease, time, ended_at, report, is_unknown)
  if has_flag(lease, TO_BE_CANCELLED) then
    finish(worker, id, lease, CANCELLED, time, ended_at, report)
  elseif has_flag(lease, TO_BE_PREEMPTED) and not is_unknown then
    local ending = PREEMPTED + preemptor_of(lease)
    requeue(worker, id, lease, ending, attempts_made(lease), byte(lease, 50), time, ended_at, report)
  elseif has_flag(lease, IS_LATE) and attempts_made(lease) == 0 then
    note_end(worker, id, lease, RELEASED, 0, time, ended_at, report)
    finish_unstarted(id, EXPIRED, ended_at)
  else
    requeue(worker, id, lease, RELEASED, attempts_made(lease), byte(lease, 50), time, ended_at, report)
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

-- Writes what has changed in the records of jobs that come back. Returns by id whether a record was not there any more,
-- or could not be read.
local function write_returned()
  local ids, changed, bodies, missing = {}, {}, {}, {}
  for _, job in ipairs(returned) do
    if job.due or job.has_started or job.made ~= attempts_made(job.lease) or job.lost ~= byte(job.lease, 50) then
      ids[#ids + 1], changed[#changed + 1] = job.id, job
    end
  end
  if #ids == 0 then return missing end
  for index, record in ipairs(call('HMGET', jobs_key, unpack(ids))) do
    local id, job = ids[index], changed[index]
    if record and is_readable(record) then
      bodies[#bodies + 1] = id
      local flags = byte(record, 19)
      flags = flags - flags % 2 + (job.due and 1 or 0)
      if job.has_started and has_start_by(record) then flags = flags - 2 end
      bodies[#bodies + 1] = sub(record, 1, 18) .. string.char(flags)
        .. sub(record, 20, 22)
        .. pack('>HB', job.made, job.lost) .. sub(record, 26)
    else
      if record then set_record_aside(id, record) end
      missing[id] = true
    end
  end
  if #bodies > 0 then call('HSET', jobs_key, unpack(bodies)) end
  return missing
end

local function return_jobs(given)
  if #returned == 0 then return end
  local missing, delays = write_returned(), {}
  for _, job in ipairs(returned) do
    local lane = lanes[sub(job.lease, 26, 27)]
    if missing[job.id] or not lane then
      -- It is not in the queue any more.
    elseif job.due then
      delays[#delays + 1], delays[#delays + 2] = job.due, job.id
      count_delayed(lane, 1)
    else
      arrive(lane, sub(job.lease, 28, 43), job.id, byte(job.lease, 45))
    end
  end
  set_timers(delays)
  make_ready(given)
end

-- Writes what ended, what that frees, and what comes back; what it has changed of lanes, tenants and limits is for
-- `save`. `given` is the time as the call was given it. Returns the call's tick; nil where it took none.
local function settle(last, time, entries_max, retention, given)
  account(given)
  if #outcomes == 0 then return nil end
  local tick = max(last + 1, time)
  if #gone > 0 then call('HDEL', jobs_key, unpack(gone)) end
  drop_timers(past)
  free_leases(retention)
  append('outcomes', 'b', tick, outcomes)
  announce(tick, events, entries_max)
  return_jobs(given)
  return tick
end

-- Writes what the call has changed of tenants, limits and lanes, and its last tick.
local function save(tick)
  save_tenants()
  save_limits()
  save_state(tick)
end

-- Which of the leases named (id, token, … every `step` arguments from `first` on) are still the worker's. Returns the
-- ids, their leases (false where stale) and the verdicts, one character each.
local function owned_leases(worker, ids, first, step)
  if #ids == 0 then return {}, '' end
  local leases, verdicts, seen = call('HMGET', prefix .. 'held:' .. worker, unpack(ids)), {}, {}
  for index, id in ipairs(ids) do
    local lease = leases[index]
    if lease and (seen[id] or not is_lease(lease) or sub(lease, 1, 8) ~= ARGV[first + (index - 1) * step + 1]) then
      lease = false
      leases[index] = false
    end
    if lease then seen[id] = true end
    verdicts[index] = lease and '1' or '0'
  end
  return leases, table.concat(verdicts)
end

-- A transition that ends leases of one worker by `end_one(worker, id, lease, time, ended_at, …)`, which gets what the
-- arguments say of the lease. `complaint_of` is asked about these before anything else; it says what is wrong, or nil.
-- ARGV     1 time in microseconds, or '' for the server's; 2 entries that the event log keeps; 3 seconds for which a
--          live log is kept; 4 worker; then per lease: job id, token, and `more` arguments of the transition's own
-- Returns  a string with, per lease, '1' (accepted) or '0' (stale)
local function ending_transition(name, more, complaint_of, end_one)
  local step = 2 + more
  transition(name, 'allow-oom', function()
    local worker, ids = ARGV[4], ids_of(5, step)
    if not ids or #ids == 0 or (#ARGV - 4) % step ~= 0 or #worker ~= 16 or not whole(ARGV[2]) or not whole(ARGV[3]) then
      return refuse('an end names a worker, and per lease an id, a token and what became of it')
    end
    local wrong = complaint_of and complaint_of(7, step)
    if wrong then return refuse(wrong) end
    local generation, last, time = open(ARGV[1])
    if not time then return refuse('the time is no number') end
    if not generation then return lost() end
    local leases, verdicts = owned_leases(worker, ids, 5, step)
    local ended_at = pack('>I8', time)
    for index, lease in ipairs(leases) do
      if lease then end_one(worker, ids[index], lease, time, ended_at, 5 + step * (index - 1) + 2) end
    end
    save(settle(last, time, ARGV[2], ARGV[3], ARGV[1]))
    return verdicts
  end)
end

return SUCCEEDED, FAILED, CANCELLED, EXPIRED, finish, finish_unstarted, retry_or_finish, hand_back, settle, save, owned_leases,
  ending_transition
