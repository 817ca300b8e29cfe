-- Ends attempts that failed or were cancelled: their jobs are tried again or finished.
-- KEYS     1 the prefix of all keys
-- ARGV     1 time in microseconds, or '' for the server's; 2 entries that the event log keeps; 3 seconds for which a
--          live log is kept; then per lease: job id, token, ending ('f' failed, 'r' failed but worth another attempt,
--          'c' cancelled), microseconds until that attempt ('' or '0': at once), report
-- Returns  a string with, per lease, '1' (accepted) or '0' (stale)
-- Cost     O(n log N) for n leases, N ready jobs

transition('fail', 'allow-oom', function()
  local ids, records, verdicts = owned_leases(4, 5)
  if not ids or not whole(ARGV[2]) or not whole(ARGV[3]) then
    return refuse('a failure has an id, a token, an ending, a delay and a report')
  end
  for index = 6, #ARGV, 5 do
    if not string.match(ARGV[index], '^[frc]$') then return refuse('an ending is f, r or c') end
    if ARGV[index + 1] ~= '' and not whole(ARGV[index + 1]) then return refuse('a delay is a number') end
  end
  local generation, last, time = open(ARGV[1])
  if not time then return refuse('the time is no number') end
  if not generation then return lost() end
  local ended_at = pack('>I8', time)
  for index, id in ipairs(ids) do
    local record, kind, report = records[index], ARGV[5 * index + 1], ARGV[5 * index + 3]
    local pause = whole(ARGV[5 * index + 2]) or 0
    if not record then
      -- Stale: nothing to end.
    elseif kind == 'c' or byte(record) == 2 then
      finish(id, record, CANCELLED, ended_at, report)
    elseif kind == 'f' then
      finish(id, record, FAILED, ended_at, report)
    else
      retry_or_finish(id, record, FAILED, ended_at, report, pause > 0 and time + pause or nil)
    end
  end
  settle(last, time, ARGV[2], ARGV[3], ARGV[1])
  return verdicts
end)
