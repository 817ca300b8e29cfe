-- Forgets jobs in whatever state, with no outcome.
-- KEYS     1 the prefix of all keys
-- ARGV     1 time in microseconds, or '' for the server's; 2… job ids
-- Returns  how many were held
-- Cost     O(n log N) for n jobs given, N ready; and O(m W) for m of them that are leased, W workers
transition('forget', 'allow-oom', function()
  local ids = ids_of(2, 1)
  if not ids or #ids == 0 or (ARGV[1] ~= '' and not whole(ARGV[1])) then return refuse('a job id has 16 bytes') end
  local records, count, jobs, leased = call('HMGET', jobs_key, unpack(ids)), 0, {}, {}
  for index, id in ipairs(ids) do
    local record = records[index]
    if record and call('HDEL', jobs_key, id) == 1 then
      count = count + 1
      -- Where one waits that cannot be read, nobody can tell: whoever comes upon it there drops it.
      if is_readable(record) then jobs[#jobs + 1] = { id, record } else leased[#leased + 1] = id end
      call('HDEL', prefix .. 'progress', id)
      call('DEL', prefix .. 'log:' .. id)
    end
  end
  for _, job in ipairs(take_out(jobs)) do leased[#leased + 1] = job[1] end
  drop_leases(leased)
  account(ARGV[1])
  save()
  return count
end)
