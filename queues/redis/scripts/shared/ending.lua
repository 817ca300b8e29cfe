-- Shared: ending attempts. What a call amounts to is gathered first (`finish`, `requeue`) and written last (`settle`), so
-- that a call that refuses has written nothing.
local SUCCEEDED, FAILED, CANCELLED, RELEASED, EXPIRED = 0, 1, 2, 3, 4
-- And the class of the job for which an attempt was preempted.
local PREEMPTED = 16
local gone, reported, returned, past = {}, {}, {}, {}
-- Runs for the logs, and what they name: jobs whose ends are told one by one, what these report, and jobs that come back.
local outcomes, events, ended_jobs, ended_reports, back = {}, {}, {}, {}, {}
-- What the lease that ended last amounts to, and how it ended: those of a turn are alike (see granting.lua), and are read
-- once.
local last_lease, last_ending, last_final, last_end, last_head, last_reported
local has_ended = false

at_begin(function()
  if not has_ended then return end
  has_ended = false
  gone, reported, returned, past, last_lease = {}, {}, {}, {}, nil
  outcomes, events, ended_jobs, ended_reports, back = {}, {}, {}, {}, {}
end)

-- The head of an outcome: ending, whether final, attempt, token, start, worker, end; length of the tier's name (1) and that,
-- '' for a job that never ran, and of a lane that nobody knows any more.
local function outcome_head(ending, is_final, attempt, token_and_start, worker, ended_at, tier)
  return pack('>BBH', ending, is_final, attempt) .. token_and_start .. worker .. ended_at .. string.char(#tier) .. tier
end

local function note_outcome(head, id, report)
  local place = #ended_jobs + 1
  has_ended = true
  ended_jobs[place], ended_reports[place] = id, report
  add_run(outcomes, head, ended_jobs, place, place, ended_reports, 0)
end

-- What the end of an attempt amounts to, for `note_ended`; and the head of its outcome, and whether it has told how far it
-- was. `time` is when the call happens, in microseconds and packed.
local function end_of(worker, lease, ending, is_final, time, ended_at)
  if lease == last_lease and ending == last_ending and is_final == last_final then
    return last_end, last_head, last_reported
  end
  local start, charge, flags = unpack_bytes('>I8I8B', lease, 9)
  local number, made = sub(lease, 26, 27), attempts_made(lease) + 1
  has_ended, last_lease, last_ending, last_final = true, lease, ending, is_final
  load_lanes({ number })
  local tier = lanes[number] and lanes[number].tier or ''
  last_head = outcome_head(ending, is_final, made, sub(lease, 1, 16), worker, ended_at, tier)
  last_reported = flags % (2 * HAS_REPORTED) >= HAS_REPORTED
  last_end = {
    number = number, tenant = sub(lease, 28, 43), charge = charge, duration = time - start,
    is_telling = ending <= FAILED,
  }
  return last_end, last_head, last_reported
end

local function note_end(worker, id, lease, ending, is_final, time, ended_at, report)
  local amounts, head, has_reported = end_of(worker, lease, ending, is_final, time, ended_at)
  note_outcome(head, id, report)
  if has_reported then reported[#reported + 1] = id end
  note_ended(amounts, 1)
end

-- Attempts of jobs ARGV[first], …, ARGV[last] succeeded, whose leases are alike; and so many places behind each is its report.
local function finish_alike(worker, lease, first, last, shift, time, ended_at)
  local amounts, head, has_reported = end_of(worker, lease, SUCCEEDED, 1, time, ended_at)
  local has_start_by = had_start_by(lease)
  add_run(outcomes, head, ARGV, first, last, ARGV, shift)
  note_ended(amounts, last - first + 1)
  if not has_reported and not has_start_by then return end
  for index = first, last do
    if has_reported then reported[#reported + 1] = ARGV[index] end
    if has_start_by then past[#past + 1] = 'x' .. ARGV[index] end
  end
end

-- The attempts of these leases, as `take_leases` tells them, succeeded. Their reports follow ids and tokens.
local function finish_all(worker, leases, first, count, time, ended_at)
  local from, alike, is_whole = 1, leases[1], true
  for index = 2, count + 1 do
    local lease = leases[index]
    if lease ~= alike then
      if alike then
        finish_alike(worker, alike, first + from - 1, first + index - 2, 2 * count, time, ended_at)
      else
        is_whole = false
      end
      from, alike = index, lease
    end
  end
  if is_whole and count > 0 then
    call('HDEL', jobs_key, unpack(ARGV, first, first + count - 1))
  else
    for index = 1, count do gone[#gone + 1] = leases[index] and ARGV[first + index - 1] or nil end
  end
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
  note_outcome(outcome_head(ending, 1, 0, nothing, nothing, ended_at, ''), id, '')
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
  back[#back + 1] = id
  add_run(events, 'R' .. string.char(ending), back, #back, #back)
end

-- The attempt ended badly: a job that its owner cancelled is finished so, one with attempts left is tried again, unless
-- it has lost its worker so often that it may be what kills workers.
local function retry_or_finish(worker, id, lease, ending, time, ended_at, report, due)
  local high, low = byte(lease, 45, 46)
  local made, lost_count = attempts_made(lease) + 1, min(255, byte(lease, 49) + (ending == EXPIRED and 1 or 0))
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
    requeue(worker, id, lease, ending, attempts_made(lease), byte(lease, 49), time, ended_at, report)
  elseif has_flag(lease, IS_LATE) and attempts_made(lease) == 0 then
    note_end(worker, id, lease, RELEASED, 0, time, ended_at, report)
    finish_unstarted(id, EXPIRED, ended_at)
  else
    requeue(worker, id, lease, RELEASED, attempts_made(lease), byte(lease, 49), time, ended_at, report)
  end
end

-- Forgets how far attempts were that ended; their live logs go once nobody reads them any more.
local function forget_progress(retention)
  if #reported == 0 then return end
  call('HDEL', prefix .. 'progress', unpack(reported))
  for _, id in ipairs(reported) do call('EXPIRE', prefix .. 'log:' .. id, retention) end
end

-- Writes what has changed in the records of jobs that come back. Returns by id their priorities; none where a record was
-- not there any more, or could not be read.
local function write_returned()
  local ids, bodies, priorities = {}, {}, {}
  for index, job in ipairs(returned) do ids[index] = job.id end
  for index, record in ipairs(call('HMGET', jobs_key, unpack(ids))) do
    local id, job = ids[index], returned[index]
    if record and is_readable(record) then
      local flags = byte(record, 19)
      flags = flags - flags % 2 + (job.due and 1 or 0)
      if job.has_started and has_start_by(record) then flags = flags - 2 end
      bodies[#bodies + 1] = id
      bodies[#bodies + 1] = sub(record, 1, 18) .. string.char(flags) .. sub(record, 20, 21)
        .. pack('>HB', job.made, job.lost) .. sub(record, 25)
      priorities[id] = byte(record, 25)
    elseif record then
      set_record_aside(id, record)
    end
  end
  if #bodies > 0 then call('HSET', jobs_key, unpack(bodies)) end
  return priorities
end

local function return_jobs(given)
  if #returned == 0 then return end
  local priorities, delays = write_returned(), {}
  for _, job in ipairs(returned) do
    local lane = lanes[sub(job.lease, 26, 27)]
    lane = lane and lane.home
    if not priorities[job.id] or not lane then
      -- It is not in the queue any more.
    elseif job.due then
      delays[#delays + 1], delays[#delays + 2] = job.due, job.id
      count_delayed(lane, 1)
    else
      arrive(lane, sub(job.lease, 28, 43), job.id, priorities[job.id])
    end
  end
  set_timers(delays)
  make_ready(given)
end

-- Writes what ended, what that frees, and what comes back; what it has changed of lanes, tenants and limits is for
-- `save`. `given` is the time as the call was given it. Returns the last tick that it took; nil where it took none.
local function settle(last, time, entries_max, retention, given)
  account(given)
  if #outcomes == 0 then return nil end
  local tick = max(last + 1, time)
  if #gone > 0 then call('HDEL', jobs_key, unpack(gone)) end
  drop_timers(past)
  forget_progress(retention)
  append('outcomes', 'r', tick, outcomes)
  announce(tick, events, entries_max)
  return_jobs(given)
  return last_tick(tick, outcomes)
end

-- Writes what the call has changed of tenants, limits and lanes, and its last tick.
local function save(tick)
  save_tenants()
  save_limits()
  save_state(tick)
end

-- How many rows of `width` columns the arguments from `first` on are, of which the first column has ids; nil where they
-- are none.
local function rows_of(first, width)
  local count = (#ARGV - first + 1) / width
  if count < 0 or count % 1 ~= 0 then return nil end
  for index = first, first + count - 1 do
    if #ARGV[index] ~= 16 then return nil end
  end
  return count
end

-- Which of the leases named are the worker's: the ids are `count` arguments from `first` on, their tokens as many after
-- these. Returns the leases, false where they are stale, and how many are.
local function owned_leases(worker, first, count)
  local leases = call('HMGET', prefix .. 'held:' .. worker, unpack(ARGV, first, first + count - 1))
  local stale, known, token = 0, nil, nil
  for index = 1, count do
    local lease = leases[index]
    if lease ~= known then
      known, token = lease, lease and is_lease(lease) and sub(lease, 1, 8)
    end
    if not token or token ~= ARGV[first + count + index - 1] then
      leases[index], stale = false, stale + 1
    end
  end
  return leases, stale
end

-- Marks as stale what is named again. Returns how many are.
local function drop_repeated(leases, first, count)
  local seen, repeated = {}, 0
  for index = 1, count do
    local id = ARGV[first + index - 1]
    if leases[index] then
      if seen[id] then leases[index], repeated = false, repeated + 1 end
      seen[id] = true
    end
  end
  return repeated
end

-- Takes the leases named, as far as they are the worker's, away from it. Returns them, false where stale, and the
-- verdicts, one character each.
local function take_leases(worker, first, count)
  if count == 0 then return {}, '' end
  local leases, stale = owned_leases(worker, first, count)
  local ids, from, to = ARGV, first, first + count - 1
  if stale > 0 then
    ids, from, to = {}, 1, 0
    for index = 1, count do
      if leases[index] then
        to = to + 1
        ids[to] = ARGV[first + index - 1]
      end
    end
  end
  if to >= from and call('HDEL', prefix .. 'held:' .. worker, unpack(ids, from, to)) <= to - from then
    stale = stale + drop_repeated(leases, first, count)
  end
  if stale == 0 then return leases, string.rep('1', count) end
  local verdicts = {}
  for index = 1, count do verdicts[index] = leases[index] and '1' or '0' end
  return leases, table.concat(verdicts)
end

-- Attempts of the worker succeeded: of `count` jobs the ids are arguments from `first` on, then the tokens, then the reports.
-- Returns the verdicts, one character each.
local function finish_named(worker, first, count, time, ended_at)
  if count == 0 then return '' end
  local leases, verdicts = take_leases(worker, first, count)
  finish_all(worker, leases, first, count, time, ended_at)
  return verdicts
end

-- A transition that ends leases of one worker by `end_all(worker, leases, first, count, time, ended_at)`: the leases, false
-- where stale, and where the ids of `count` jobs begin. `complaint_of` is asked about what follows ids and tokens before
-- anything else; it says what is wrong, or nil.
-- ARGV     1 time in microseconds, or '' for the server's; 2 entries that the event log keeps; 3 seconds for which a
--          live log is kept; 4 worker; then of all leases the job ids, then the tokens, then each of `more` arguments of
--          the transition's own
-- Returns  a string with, per lease, '1' (accepted) or '0' (stale)
local function ending_transition(name, more, complaint_of, end_all)
  transition(name, 'allow-oom', function()
    local worker, count = ARGV[4], rows_of(5, 2 + more)
    if not count or count == 0 or #worker ~= 16 or not whole(ARGV[2]) or not whole(ARGV[3]) then
      return refuse('an end names a worker, and of leases the ids, the tokens and what became of them')
    end
    local wrong = complaint_of and complaint_of(5 + 2 * count, count)
    if wrong then return refuse(wrong) end
    local generation, last, time = open(ARGV[1])
    if not time then return refuse('the time is no number') end
    if not generation then return lost() end
    local leases, verdicts = take_leases(worker, 5, count)
    end_all(worker, leases, 5, count, time, pack('>I8', time))
    save(settle(last, time, ARGV[2], ARGV[3], ARGV[1]))
    return verdicts
  end)
end

-- For `ending_transition`, what ends each lease of its own: `end_one(worker, id, lease, time, ended_at, …)`, which gets the
-- arguments that go with it.
local function one_by_one(end_one)
  return function(worker, leases, first, count, time, ended_at)
    for index = 1, count do
      local lease, at = leases[index], first + index - 1
      if lease then
        local a, b, c = ARGV[at + 2 * count], ARGV[at + 3 * count], ARGV[at + 4 * count]
        end_one(worker, ARGV[at], lease, time, ended_at, a, b, c)
      end
    end
  end
end

return CANCELLED, EXPIRED, FAILED, finish, finish_all, finish_unstarted, retry_or_finish, hand_back, settle, save,
  rows_of, owned_leases, drop_repeated, finish_named, ending_transition, one_by_one
