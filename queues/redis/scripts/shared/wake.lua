-- Shared: waking workers. A worker that got fewer leases than it asked for is in `idle:<tier>` with what it missed.

-- The list is read by a blocked worker; that of a dead one goes by itself after an hour.
local function signal(worker, what)
  local list = prefix .. 'signals:' .. worker
  call('RPUSH', list, what)
  call('EXPIRE', list, 3600)
end

-- Wakes idle workers, the emptiest first, until they can take `count` jobs. One past its deadline may be dead: it is
-- told, but not counted on. The clock is read only where somebody is idle.
local function wake(tier, count, given)
  local idle = prefix .. 'idle:' .. tier
  while count > 0 do
    local entry = call('ZPOPMAX', idle)
    if #entry == 0 then return end
    signal(entry[1], 'w')
    local time, deadline = time_of(given), call('ZSCORE', prefix .. 'workers', entry[1])
    if deadline and tonumber(deadline) > time then count = count - entry[2] end
  end
end

-- Adds jobs (score, id, …) to a tier. The tier is known to the census from now on.
local function make_ready(tier, scores, given)
  call('ZADD', prefix .. 'ready:' .. tier, unpack(scores))
  call('HSETNX', prefix .. 'leased', tier, 0)
  wake(tier, #scores / 2, given)
end
