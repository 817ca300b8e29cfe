-- Extends a worker's deadline, says which leases it has lost and which are to be cancelled, and takes back those that
-- it does not name: it does not know of them, because the answer that granted them was lost.
-- KEYS     1 the prefix of all keys
-- ARGV     1 time in microseconds, or '' for the server's; 2 entries that the event log keeps; 3 seconds for which a
--          live log is kept; 4 worker; 5 microseconds until the deadline; then per lease: job id, token
-- Returns  the deadline in microseconds; 1 if the worker was known, else 0; a string with, per lease, '0' (lost),
--          '1' (held) or '2' (held, to be cancelled)
-- Cost     O(n + log W) for n leases, W workers; and O(m log N) for m taken back (1000 a call), N ready jobs

local function take_back(worker, named, last, time)
  local unnamed, ended_at = {}, pack('>I8', time)
  for _, id in ipairs(call('HKEYS', prefix .. 'held:' .. worker)) do
    if not named[id] then unnamed[#unnamed + 1] = id end
  end
  for place, lease in ipairs(in_order_of_grant(worker, unnamed)) do
    if place <= 1000 then hand_back(lease[1], lease[2], ended_at, '') end
  end
  settle(last, time, ARGV[2], ARGV[3], ARGV[1])
end

transition('heartbeat', 'allow-oom', function()
  local worker, duration, ids = ARGV[4], whole(ARGV[5]), ids_of(6, 2)
  if #ARGV < 5 or #worker ~= 16 or not duration or not ids or #ARGV % 2 ~= 1 then
    return refuse('a heartbeat names a worker, a duration and leases')
  end
  if not whole(ARGV[2]) or not whole(ARGV[3]) then return refuse('a heartbeat says what the logs keep') end
  local generation, last, time = open(ARGV[1])
  if not time then return refuse('the time is no number') end
  if not generation then return lost() end
  local verdicts, named, named_count = {}, {}, 0
  for index, record in ipairs(records_of(ids)) do
    local id, is_mine = ids[index], is_owned(record, ARGV[2 * index + 5]) and worker_of(record) == worker
    verdicts[index] = is_mine and tostring(byte(record)) or '0'
    if is_mine and not named[id] then
      named[id] = true
      named_count = named_count + 1
    end
  end
  local known = call('ZSCORE', prefix .. 'workers', worker)
  call('ZADD', prefix .. 'workers', time + duration, worker)
  if call('HLEN', prefix .. 'held:' .. worker) > named_count then take_back(worker, named, last, time) end
  return { time + duration, known and 1 or 0, table.concat(verdicts) }
end)
