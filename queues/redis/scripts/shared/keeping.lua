-- Shared: workers that keep room for a job that has waited for long and needs more than they have free. `kept` tells of a
-- lane (its number) for one of whose jobs a worker does so, the worker. A timer ('r' and the number) asks the worker
-- whether it still does; so does whatever makes it needless.

-- Nobody keeps room for jobs of the lane any more. The worker that did may have something else to take: it is told,
-- unless it is the one that asks (`but`).
local function stop_keeping(lane, but)
  if not has_lane_flag(lane, 4) then return end
  set_lane_flag(lane, 4, false)
  local worker = call('HGET', prefix .. 'kept', lane.number)
  call('HDEL', prefix .. 'kept', lane.number)
  drop_timers({ 'r' .. lane.number })
  if worker and worker ~= but then signal(worker, 'w') end
end

-- Has `worker` keep room for a job of the lane until then, unless another does. Returns whether it does.
local function keep_room(lane, worker, time)
  local keeper = call('HGET', prefix .. 'kept', lane.number)
  if keeper and keeper ~= worker then return false end
  if not keeper then
    call('HSET', prefix .. 'kept', lane.number, worker)
    set_lane_flag(lane, 4, true)
    set_timers({ string.format('%d', time + kept_for), 'r' .. lane.number })
  end
  return true
end
