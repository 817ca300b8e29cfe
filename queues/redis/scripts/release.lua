-- Hands leases back unfinished; the attempts do not count.
-- KEYS     1 the prefix of all keys
-- ARGV     1 time in microseconds, or '' for the server's; 2 entries that the event log keeps; 3 seconds for which a
--          live log is kept; then per lease: job id, token, report
-- Returns  a string with, per lease, '1' (accepted) or '0' (stale)
-- Cost     O(n log N) for n leases, N ready jobs

transition('release', 'allow-oom', function()
  local ids, records, verdicts = owned_leases(4, 3)
  if not ids or not whole(ARGV[2]) or not whole(ARGV[3]) then
    return refuse('a hand-back has an id, a token and a report')
  end
  local generation, last, time = open(ARGV[1])
  if not time then return refuse('the time is no number') end
  if not generation then return lost() end
  local ended_at = pack('>I8', time)
  for index, id in ipairs(ids) do
    if records[index] then hand_back(id, records[index], ended_at, ARGV[3 * index + 3]) end
  end
  settle(last, time, ARGV[2], ARGV[3], ARGV[1])
  return verdicts
end)
