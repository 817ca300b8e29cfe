-- Shared: workers that keep room for a job that has waited for long and needs more than they have free: one in each pool.
-- `kept` tells of a pool (its key) the worker, and the number of the lane in which the job waits. A timer asks the worker
-- whether it still does; so does whatever may have made it needless.

local function stop_keeping_in(key, but)
  local kept = call('HGET', prefix .. 'kept', key)
  if not kept then return end
  call('HDEL', prefix .. 'kept', key)
  drop_timers({ 'r' .. key })
  local number = sub(kept, 17)
  load_lanes({ number })
  if lanes[number] then set_lane_flag(lanes[number], 4, false) end
  -- It may have something else to take, unless it is the one that asks.
  if sub(kept, 1, 16) ~= but then signal(sub(kept, 1, 16), 'w') end
end

-- Nobody keeps room for jobs of the lane any more.
local function stop_keeping(lane, but)
  if has_lane_flag(lane, 4) then stop_keeping_in(lane.pool, but) end
end

-- Whoever keeps room is asked again.
local function stop_all_keeping()
  for _, key in ipairs(call('HKEYS', prefix .. 'kept')) do stop_keeping_in(key) end
end

-- Has `worker` keep room for a job of the lane, unless another does in its pool. Returns whether it does.
local function keep_room(lane, worker, time)
  local kept = call('HGET', prefix .. 'kept', lane.pool)
  if kept == worker .. lane.number then return true end
  if kept and sub(kept, 1, 16) ~= worker then return false end
  stop_keeping_in(lane.pool, worker)
  call('HSET', prefix .. 'kept', lane.pool, worker .. lane.number)
  set_lane_flag(lane, 4, true)
  set_timers({ string.format('%d', time + kept_for), 'r' .. lane.pool })
  return true
end
