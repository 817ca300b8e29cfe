-- Takes ready and delayed jobs out and tells the workers of leased ones to stop them.
-- KEYS     1 the prefix of all keys
-- ARGV     1 time in microseconds, or '' for the server's; 2 entries that the event log keeps; 3 seconds for which a
--          live log is kept; 4… job ids
-- Returns  a string with, per job, '0' (not held), '1' (removed) or '2' (its worker is told)
-- Cost     O(n log N) for n jobs given, N ready; and O(m W) for m of them that are leased, W workers

-- What is to be done about jobs that wait nowhere: their workers are to be told, unless they have been already.
local function flag(jobs, verdicts)
  local ids, told = {}, {}
  for index, job in ipairs(jobs) do ids[index] = job[1] end
  local found = find_leases(ids)
  for _, job in ipairs(jobs) do
    local id, place = job[1], job.place
    if found[id] then
      local worker, lease = found[id][1], found[id][2]
      verdicts[place] = '2'
      if not has_flag(lease, TO_BE_CANCELLED) then
        call('HSET', prefix .. 'held:' .. worker, id, with_flag(lease, TO_BE_CANCELLED))
        told[#told + 1] = { worker, 'c' .. id }
      end
    end
  end
  return told
end

transition('cancel', 'allow-oom', function()
  local ids = ids_of(4, 1)
  if not ids or #ids == 0 or not whole(ARGV[2]) or not whole(ARGV[3]) then return refuse('a job id has 16 bytes') end
  local generation, last, time = open(ARGV[1])
  if not time then return refuse('the time is no number') end
  if not generation then return lost() end
  local ended_at = pack('>I8', time)
  local verdicts, jobs, first_of = {}, {}, {}
  for index, record in ipairs(call('HMGET', jobs_key, unpack(ids))) do
    local id = ids[index]
    if record and not is_readable(record) then record = false end
    if record and not first_of[id] then
      jobs[#jobs + 1] = { id, record, place = index }
      first_of[id] = index
    end
    verdicts[index] = record and '1' or '0'
  end
  local told = flag(take_out(jobs), verdicts)
  for _, job in ipairs(jobs) do
    if verdicts[job.place] == '1' then finish_unstarted(job[1], CANCELLED, ended_at) end
  end
  -- Named again, a job that was removed is not held any more.
  for index, id in ipairs(ids) do
    local first = first_of[id]
    if first and first ~= index then verdicts[index] = verdicts[first] == '2' and '2' or '0' end
  end
  save(settle(last, time, ARGV[2], ARGV[3], ARGV[1]))
  for _, pair in ipairs(told) do signal(pair[1], pair[2]) end
  return table.concat(verdicts)
end)
