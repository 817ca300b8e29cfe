-- Ends the leases of workers whose deadline has passed, and forgets the workers that have none left.
-- KEYS     1 the prefix of all keys
-- ARGV     1 time in microseconds, or '' for the server's; 2 entries that the event log keeps; 3 seconds for which a
--          live log is kept; 4 how many leases at most, 0–1000
-- Returns  how many leases ended
-- Cost     O(n log N + w t) for n leases ended, N ready jobs, w ≤ 100 workers, t tiers

-- Ends at most `limit` leases of a worker, in the order in which they were granted. Returns how many, and whether none
-- is left.
local function expire_leases(worker, limit, time, ended_at)
  local held = prefix .. 'held:' .. worker
  local flat = limit > 0 and call('HRANDFIELD', held, limit, 'WITHVALUES') or {}
  local count = #flat / 2
  local is_empty = count == call('HLEN', held)
  for _, one in ipairs(take_in_order(worker, flat, limit)) do
    retry_or_finish(worker, one.id, one.lease, EXPIRED, time, ended_at, '')
  end
  return count, is_empty
end

transition('expire', 'allow-oom', function()
  local limit = whole(ARGV[4])
  if #ARGV ~= 4 or not limit or limit > 1000 or not whole(ARGV[2]) or not whole(ARGV[3]) then
    return refuse('expiry takes a limit')
  end
  local generation, last, time = open(ARGV[1])
  if not time then return refuse('the time is no number') end
  if not generation then return lost() end
  local count, forgotten = 0, {}
  for _, worker in ipairs(call('ZRANGEBYSCORE', prefix .. 'workers', '-inf', time, 'LIMIT', 0, 100)) do
    local ended, is_empty = expire_leases(worker, limit - count, time, pack('>I8', time))
    count = count + ended
    if is_empty then forgotten[#forgotten + 1] = worker end
  end
  local tiers = #forgotten > 0 and call('SMEMBERS', prefix .. 'tiers') or {}
  for _, worker in ipairs(forgotten) do forget_worker(worker, tiers) end
  local tick = settle(last, time, ARGV[2], ARGV[3], ARGV[1])
  wake_others(tiers, ARGV[1])
  save(tick)
  return count
end)
