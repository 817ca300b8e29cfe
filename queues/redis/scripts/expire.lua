#!lua flags=allow-oom
-- Ends the leases of workers whose deadline has passed, and forgets the workers that have none left.
-- KEYS     1 the prefix of all keys
-- ARGV     1 time in microseconds, or '' for the server's; 2 entries that the event log keeps; 3 seconds for which a
--          live log is kept; 4 how many leases at most, 0–1000
-- Returns  how many leases ended
-- Cost     O(n log N + w t) for n leases ended, N ready jobs, w ≤ 100 workers, t tiers
local limit = whole(ARGV[4])
if #ARGV ~= 4 or not limit or limit > 1000 or not whole(ARGV[2]) or not whole(ARGV[3]) then
  return refuse('expiry takes a limit')
end
local generation, last, time = open(ARGV[1])
if not time then return refuse('the time is no number') end
if not generation then return lost() end

local ended_at, count, forgotten = struct.pack('>I8', time), 0, {}

-- Ends at most `limit` leases in all; those of one worker in the order in which they were granted.
local function expire_leases(worker)
  local held = prefix .. 'held:' .. worker
  local ids = limit > count and call('HRANDFIELD', held, limit - count) or {}
  if #ids == call('HLEN', held) then forgotten[#forgotten + 1] = worker end
  for _, lease in ipairs(in_order_of_grant(worker, ids)) do retry_or_finish(lease[1], lease[2], EXPIRED, ended_at, '') end
  count = count + #ids
end

for _, worker in ipairs(call('ZRANGEBYSCORE', prefix .. 'workers', '-inf', time, 'LIMIT', 0, 100)) do
  expire_leases(worker)
end
local tiers = #forgotten > 0 and call('SMEMBERS', prefix .. 'tiers') or {}
for _, worker in ipairs(forgotten) do
  call('ZREM', prefix .. 'workers', worker)
  call('DEL', prefix .. 'signals:' .. worker)
  call('HDEL', prefix .. 'room', worker)
  for _, tier in ipairs(tiers) do call('ZREM', prefix .. 'idle:' .. tier, worker) end
end
settle_all(last, time, ARGV[2], ARGV[3])
-- A signal to a worker that is gone is passed on.
for _, tier in ipairs(tiers) do
  for _, lane in ipairs(lanes_behind('T' .. tier)) do
    wake(lane, tonumber(call('HGET', counts_key, 'w' .. lane.number) or 0), ARGV[1])
  end
end
return count
