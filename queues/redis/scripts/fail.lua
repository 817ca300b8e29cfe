-- Ends attempts that failed or were cancelled: their jobs are tried again or finished.
-- KEYS     1 the prefix of all keys
-- ARGV     as `ending_transition` says; of the leases then: endings ('f' failed, 'r' failed but worth another attempt, 'c'
--          cancelled); microseconds until that attempt ('' or '0': at once); reports
-- Returns  as `ending_transition` says
-- Cost     O(n log N) for n leases, N ready jobs

local function complaint_of(first, count)
  for index = first, first + count - 1 do
    if not string.match(ARGV[index], '^[frc]$') then return 'an ending is f, r or c' end
    local pause = ARGV[index + count]
    if pause ~= '' and not whole(pause) then return 'a delay is a number' end
  end
end

ending_transition('fail', 3, complaint_of, one_by_one(function(worker, id, lease, time, ended_at, kind, delay, report)
  local pause = whole(delay) or 0
  if kind == 'c' or has_flag(lease, TO_BE_CANCELLED) then
    finish(worker, id, lease, CANCELLED, time, ended_at, report)
  elseif kind == 'f' then
    finish(worker, id, lease, FAILED, time, ended_at, report)
  else
    retry_or_finish(worker, id, lease, FAILED, time, ended_at, report, pause > 0 and time + pause or nil)
  end
end))
