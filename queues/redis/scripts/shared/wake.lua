-- Shared: waking workers. A worker that got fewer leases than it asked for is in `idle:<tier>` with what it missed, and
-- in `room` with what it has free: cpu millicores, memory bytes, gpu thousandths (8 bytes each). More follows where it
-- takes not just any job: where it keeps what it has free for a job, the job's class and 1, as it is woken for those of
-- higher classes only, else 0 (1); and where it is dedicated, its tenant (16), and 1 if it takes jobs of others too, else 0 (1).

-- The list is read by a blocked worker; that of a dead one goes by itself after an hour.
local function signal(worker, what)
  local list = prefix .. 'signals:' .. worker
  call('RPUSH', list, what)
  call('EXPIRE', list, 3600)
end

-- How many jobs of a lane a worker has room for, at most `most`.
local function fitting(packed, lane, most)
  if not packed then return most end
  local cpu, memory, gpu = unpack_bytes('>I8I8I8', packed)
  if #packed > 24 and lane.class < byte(packed, 25) then return 0 end
  if lane.cpu * most > cpu then most = floor(cpu / lane.cpu) end
  if lane.memory * most > memory then most = floor(memory / lane.memory) end
  if lane.gpu * most > gpu then most = floor(gpu / lane.gpu) end
  return most
end

-- The tenant whose jobs alone the worker takes, if any.
local function only_tenant(packed) return packed and byte(packed, 42) == 0 and sub(packed, 26, 41) or nil end

local function has_idle_in(tier) return call('EXISTS', prefix .. 'idle:' .. tier) == 1 end

-- Whether any worker is idle that may have to run jobs of the lane.
local function has_idle(lane)
  if has_idle_in(lane.tier) then return true end
  for _, guest in ipairs(guests_of(lane)) do
    if has_idle_in(guest.tier) then return true end
  end
  return false
end

-- Wakes idle workers that have room for a job as it runs in the lane, the emptiest first, until they can take `count` jobs. One
-- past its deadline may be dead: it is told, but not counted on. Nor are those counted on that take jobs of one tenant only:
-- of these as many are woken as can take the tenant's jobs. The clock is read only where somebody is idle. Returns how many
-- jobs are left.
local function wake(lane, count, given)
  local idle, passed, own = prefix .. 'idle:' .. lane.tier, 0, nil
  while count > 0 do
    local workers, missed = {}, {}
    local part = call('ZREVRANGE', idle, passed, passed + 31, 'WITHSCORES')
    for place = 1, #part, 2 do workers[#workers + 1], missed[#missed + 1] = part[place], part[place + 1] end
    if #workers == 0 then return count end
    local rooms, deadlines = call('HMGET', prefix .. 'room', unpack(workers)), nil
    for index, worker in ipairs(workers) do
      if count <= 0 then return count end
      local tenant = only_tenant(rooms[index])
      if tenant then
        own = own or {}
        own[tenant] = own[tenant] or waiting_in(lane, tenant)
      end
      local takes = fitting(rooms[index], lane, tonumber(missed[index]))
      if takes > 0 and not (tenant and own[tenant] <= 0) then
        deadlines = deadlines or call('ZMSCORE', prefix .. 'workers', unpack(workers))
        call('ZREM', idle, worker)
        signal(worker, 'w')
        if deadlines[index] and tonumber(deadlines[index]) > time_of(given) then
          if tenant then own[tenant] = own[tenant] - takes else count = count - takes end
        end
      else
        passed = passed + 1
      end
    end
  end
  return count
end

-- As `wake`, for no more jobs than the gates before the lane let through.
local function wake_within_gates(lane, count, given)
  local open = count
  for _, gate in ipairs(gates_before(lane)) do open = min(open, room_behind(gate)) end
  return count - open + max(0, wake(lane, open, given))
end

-- Wakes workers for jobs that wait in a lane: of those that cannot run as is preferred, others that can run the rest.
local function wake_all(lane, count, given)
  if lane.kin == '' then return wake(lane, count, given) end
  count = wake_within_gates(lane, count, given)
  for _, guest in ipairs(count > 0 and guests_of(lane) or {}) do count = wake_within_gates(guest, count, given) end
end

return signal, has_idle, wake, wake_all
