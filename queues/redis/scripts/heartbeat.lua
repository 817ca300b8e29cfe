-- Extends a worker's deadline, says which leases it has lost and which are to be cancelled or preempted, and takes back
-- those that it does not name: it does not know of them, because the answer that granted them was lost.
-- KEYS     1 the prefix of all keys
-- ARGV     1 time in microseconds, or '' for the server's; 2 entries that the event log keeps; 3 seconds for which a
--          live log is kept; 4 worker; 5 microseconds until the deadline; 6 where the worker is, for people, '' to change
--          nothing; then per lease: job id, token
-- Returns  the deadline in microseconds; 1 if the worker was known and nothing was taken back, else 0; a string with, per lease, '0' (lost),
--          '1' (held), '2' (held, to be cancelled) or '3' (held, to be preempted)
-- Cost     O(n + log W) for n leases, W workers; and O(m log N) for m taken back (1000 a call), N ready jobs

local function take_back(worker, named, last, time)
  local flat, ended_at = call('HGETALL', prefix .. 'held:' .. worker), pack('>I8', time)
  local unnamed = {}
  for index = 1, #flat, 2 do
    if not named[flat[index]] then unnamed[#unnamed + 1], unnamed[#unnamed + 2] = flat[index], flat[index + 1] end
  end
  for _, held in ipairs(take_in_order(worker, unnamed, 1000)) do
    hand_back(worker, held.id, held.lease, time, ended_at, '', true)
  end
  save(settle(last, time, ARGV[2], ARGV[3], ARGV[1]))
end

-- The leases that a worker names, false where it does not hold one. Read in parts, because Lua passes at most 8000
-- values to a call.
local function leases_named(worker, ids)
  local leases = {}
  for first = 1, #ids, 1000 do
    local part = call('HMGET', prefix .. 'held:' .. worker, unpack(ids, first, min(first + 999, #ids)))
    for index, lease in ipairs(part) do leases[first + index - 1] = lease end
  end
  return leases
end

transition('heartbeat', 'allow-oom', function()
  local worker, duration, ids = ARGV[4], whole(ARGV[5]), ids_of(7, 2)
  if #ARGV < 6 or #worker ~= 16 or not duration or not ids or #ARGV % 2 ~= 0 or #ARGV[6] > 255 then
    return refuse('a heartbeat names a worker, a duration, a place and leases')
  end
  if not whole(ARGV[2]) or not whole(ARGV[3]) then return refuse('a heartbeat says what the logs keep') end
  local generation, last, time = open(ARGV[1])
  if not time then return refuse('the time is no number') end
  if not generation then return lost() end
  local verdicts, named, named_count = {}, {}, 0
  for index, lease in ipairs(leases_named(worker, ids)) do
    local id = ids[index]
    local is_mine = lease and is_lease(lease) and sub(lease, 1, 8) == ARGV[2 * index + 6]
    verdicts[index] = not is_mine and '0' or has_flag(lease, TO_BE_CANCELLED) and '2'
      or has_flag(lease, TO_BE_PREEMPTED) and '3' or '1'
    if is_mine and not named[id] then
      named[id] = true
      named_count = named_count + 1
    end
  end
  local known = call('ZSCORE', prefix .. 'workers', worker)
  call('ZADD', prefix .. 'workers', time + duration, worker)
  if ARGV[6] ~= '' then call('HSET', prefix .. 'places', worker, ARGV[6]) end
  local has_unnamed = call('HLEN', prefix .. 'held:' .. worker) > named_count
  if has_unnamed then take_back(worker, named, last, time) end
  return { time + duration, known and not has_unnamed and 1 or 0, table.concat(verdicts) }
end)
