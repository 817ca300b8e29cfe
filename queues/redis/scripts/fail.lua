-- Ends attempts that failed or were cancelled: their jobs are tried again or finished.
-- KEYS     1 the prefix of all keys
-- ARGV     as `ending_transition` says; per lease: ending ('f' failed, 'r' failed but worth another attempt, 'c'
--          cancelled), microseconds until that attempt ('' or '0': at once), report
-- Returns  as `ending_transition` says
-- Cost     O(n log N) for n leases, N ready jobs

local function complaint_of(first, step)
  for index = first, #ARGV, step do
    if not string.match(ARGV[index], '^[frc]$') then return 'an ending is f, r or c' end
    if ARGV[index + 1] ~= '' and not whole(ARGV[index + 1]) then return 'a delay is a number' end
  end
end

ending_transition('fail', 3, complaint_of, function(worker, id, lease, time, ended_at, first)
  local kind, pause, report = ARGV[first], whole(ARGV[first + 1]) or 0, ARGV[first + 2]
  if kind == 'c' or has_flag(lease, TO_BE_CANCELLED) then
    finish(worker, id, lease, CANCELLED, time, ended_at, report)
  elseif kind == 'f' then
    finish(worker, id, lease, FAILED, time, ended_at, report)
  else
    retry_or_finish(worker, id, lease, FAILED, time, ended_at, report, pause > 0 and time + pause or nil)
  end
end)
