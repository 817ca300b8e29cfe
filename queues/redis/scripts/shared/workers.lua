-- Shared: workers that are woken no more.

-- Nobody counts on the worker any more for jobs that come.
local function stop_waking(worker, tiers)
  call('HDEL', prefix .. 'room', worker)
  stop_keeping_on(worker)
  for _, tier in ipairs(tiers) do call('ZREM', prefix .. 'idle:' .. tier, worker) end
end

local function forget_worker(worker, tiers)
  call('ZREM', prefix .. 'workers', worker)
  call('DEL', prefix .. 'signals:' .. worker)
  call('HDEL', prefix .. 'capacity', worker)
  call('HDEL', prefix .. 'places', worker)
  stop_waking(worker, tiers)
end

-- Passes on what workers may have been told that are gone: wakes others for all that waits in the tiers.
local function wake_others(tiers, given)
  for _, tier in ipairs(tiers) do
    for _, lane in ipairs(lanes_behind('T' .. tier)) do wake(lane, lane.home.ready, given) end
  end
end

return stop_waking, forget_worker, wake_others
