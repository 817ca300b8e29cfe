-- Sees to the timers that are due: makes delayed jobs ready, finishes jobs that were to have started by now, lets through
-- what gates hold up that have tokens again, and asks workers that keep room for a job whether they still do.
-- KEYS     1 the prefix of all keys
-- ARGV     1 time in microseconds, or '' for the server's; 2 entries that the event log keeps; 3 seconds for which a
--          live log is kept; 4 how many timers at most, 0–1000
-- Returns  how many timers were due; how many jobs became ready; how many were finished; the microsecond at which the
--          next timer is due, or '' where none is set
-- Cost     O(n log N) for n timers, N of them or of ready jobs; and for a gate, the lanes behind it

-- Jobs of these ids (id, record) that wait as `is_wanted` says. What cannot be read goes aside.
local function records_of(ids, is_wanted)
  local jobs = {}
  if #ids == 0 then return jobs end
  for index, record in ipairs(call('HMGET', jobs_key, unpack(ids))) do
    if record and not is_readable(record) then
      set_record_aside(ids[index], record)
    elseif record and is_wanted(record) then
      jobs[#jobs + 1] = { ids[index], record }
    end
  end
  return jobs
end

-- Makes jobs ready. Returns how many.
local function make_due_ready(ids)
  local jobs, numbers, bodies = records_of(ids, is_delayed), {}, {}
  for index, job in ipairs(jobs) do numbers[index] = lane_of(job[2]) end
  load_lanes(numbers)
  for _, job in ipairs(jobs) do
    local id, record = job[1], job[2]
    local lane = lanes[lane_of(record)]
    if lane then
      bodies[#bodies + 1] = id
      bodies[#bodies + 1] = sub(record, 1, 18) .. string.char(byte(record, 19) - 1) .. sub(record, 20)
      count_delayed(lane, -1)
      arrive(lane, tenant_of(record), id, byte(record, 25))
    end
  end
  if #bodies > 0 then call('HSET', jobs_key, unpack(bodies)) end
  make_ready(ARGV[1])
  return #bodies / 2
end

-- No attempt of it has begun, or none that counts.
local function is_unstarted(record) return byte(record, 22) == 0 and byte(record, 23) == 0 end

-- Has leases say that their jobs are late: if one is handed back without having been an attempt, its job is finished.
local function mark_late(ids)
  for id, held in pairs(find_leases(ids)) do
    call('HSET', prefix .. 'held:' .. held[1], id, with_flag(held[2], IS_LATE))
  end
end

-- Finishes those of the jobs that no attempt has begun of. Returns how many.
local function finish_late(ids, time)
  local jobs, running, leased = records_of(ids, is_unstarted), {}, {}
  for _, job in ipairs(take_out(jobs)) do running[job[1]], leased[#leased + 1] = true, job[1] end
  mark_late(leased)
  local ended_at, count = pack('>I8', time), 0
  for _, job in ipairs(jobs) do
    if not running[job[1]] then
      finish_unstarted(job[1], EXPIRED, ended_at)
      count = count + 1
    end
  end
  return count
end

-- Lets through what waits behind gates that have tokens again.
local function open_gates(fields)
  for _, field in ipairs(fields) do
    local gate = gate_of(field)
    if gate and gate.bucket then
      gate.bucket.armed = 0
      note_gate(gate)
      gate.was_full = true
      let_through(gate, ARGV[1])
    end
  end
end

transition('promote', 'allow-oom', function()
  local limit = whole(ARGV[4])
  if #ARGV ~= 4 or not limit or limit > 1000 or not whole(ARGV[2]) or not whole(ARGV[3]) then
    return refuse('promotion takes a limit')
  end
  local generation, last, time = open(ARGV[1])
  if not time then return refuse('the time is no number') end
  if not generation then return lost() end
  local timers = prefix .. 'timers'
  call('DEL', prefix .. 'signals:due')
  local names, ready, late, fields = call('ZRANGEBYSCORE', timers, '-inf', time, 'LIMIT', 0, limit), {}, {}, {}
  local kept = {}
  local kinds = { x = late, g = fields, r = kept }
  for _, name in ipairs(names) do
    local names_of = kinds[sub(name, 1, 1)]
    if names_of then names_of[#names_of + 1] = sub(name, 2) else ready[#ready + 1] = name end
  end
  drop_timers(names)
  local promoted = make_due_ready(ready)
  local finished = finish_late(late, time)
  for _, key in ipairs(kept) do ask_keeper_again(key, time) end
  open_gates(fields)
  save(settle(last, time, ARGV[2], ARGV[3], ARGV[1]))
  local next_due = call('ZRANGE', timers, 0, 0, 'WITHSCORES')
  return { #names, promoted, finished, next_due[2] and string.format('%d', next_due[2]) or '' }
end)
