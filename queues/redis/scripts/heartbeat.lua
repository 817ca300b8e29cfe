#!lua flags=allow-oom
-- Extends a worker's deadline and says which leases it has lost and which are to be cancelled.
-- KEYS     1 the prefix of all keys
-- ARGV     1 time in microseconds, or '' for the server's; 2 worker; 3 microseconds until the deadline;
--          then per lease: job id, token
-- Returns  the deadline in microseconds; 1 if the worker was known, else 0; a string with, per lease, '0' (lost),
--          '1' (held) or '2' (held, to be cancelled)
-- Cost     O(n + log W) for n leases, W workers
local worker, duration, ids = ARGV[2], whole(ARGV[3]), ids_of(4, 2)
if #ARGV < 3 or #worker ~= 16 or not duration or not ids or #ARGV % 2 ~= 1 then
  return refuse('a heartbeat names a worker, a duration and leases')
end
local generation, _, time = open(ARGV[1])
if not time then return refuse('the time is no number') end
if not generation then return lost() end

local records, verdicts = {}, {}
if #ids > 0 then records = call('HMGET', jobs_key, unpack(ids)) end
for index, record in ipairs(records) do
  local is_mine = is_owned(record, ARGV[2 * index + 3]) and sub(record, 16, 31) == worker
  verdicts[index] = is_mine and tostring(byte(record)) or '0'
end
local known = call('ZSCORE', prefix .. 'workers', worker)
call('ZADD', prefix .. 'workers', time + duration, worker)
return { time + duration, known and 1 or 0, table.concat(verdicts) }
