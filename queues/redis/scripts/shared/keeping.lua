-- Shared: workers that keep room for a job that has waited for long and needs more than they have free: one in each pool.
-- `kept` tells of a pool (its key) the worker (16 bytes), the number of the lane in which the job waits (2), and the
-- microsecond from which on nothing more runs in the gap (8); then when the worker was last seen to keep its room, and when
-- it was expected then to have enough (8 each), or one byte where it was told to (see reserve.lua). It does so until a job of
-- the lane is its own, none is ready there any more, it asks for jobs and has no reason to, another that asks may do so
-- instead, or it dies. A timer has it ask, and so has whatever may have made it needless; one that runs nothing and has
-- not asked is passed over from then on. What was reserved is over with its timer.

local function stop_keeping_in(key, but)
  local kept = call('HGET', prefix .. 'kept', key)
  if not kept then return end
  call('HDEL', prefix .. 'kept', key)
  drop_timers({ 'r' .. key })
  local number = sub(kept, 17, 18)
  load_lanes({ number })
  if lanes[number] then set_lane_flag(lanes[number], 4, false) end
  local worker = sub(kept, 1, 16)
  -- It may have something else to take, unless it is the one that asks.
  if worker ~= but then signal(worker, 'w') end
end

local function is_reserved(kept) return #kept == 27 end

-- A job of the lane is gone: nobody keeps room for it any more, unless another is ready, and it was not the keeper (`but`)
-- that took the job.
local function stop_keeping(lane, but)
  if not has_lane_flag(lane, 4) then return end
  local kept = call('HGET', prefix .. 'kept', lane.pool)
  if kept and sub(kept, 1, 16) ~= but and lane.ready > 0 then return end
  stop_keeping_in(lane.pool, but)
end

-- Whoever keeps room is to ask for jobs, but for what is reserved.
local function ask_all_keepers()
  for _, kept in ipairs(call('HVALS', prefix .. 'kept')) do
    if not is_reserved(kept) then signal(sub(kept, 1, 16), 'w') end
  end
end

-- A worker is gone.
local function stop_keeping_on(worker)
  local all = call('HGETALL', prefix .. 'kept')
  for index = 1, #all, 2 do
    if sub(all[index + 1], 1, 16) == worker then stop_keeping_in(all[index], worker) end
  end
end

-- Has the worker that keeps room in a pool ask for jobs.
local function ask_keeper_again(key, time)
  local kept = call('HGET', prefix .. 'kept', key)
  if not kept then return end
  local worker = sub(kept, 1, 16)
  if is_reserved(kept) or call('EXISTS', prefix .. 'held:' .. worker) == 0 then return stop_keeping_in(key) end
  set_timers({ string.format('%d', time + kept_for), 'r' .. key })
  signal(worker, 'w')
end

-- Whether `worker` keeps room for a job of the lane.
local function is_kept_by(lane, worker)
  local kept = call('HGET', prefix .. 'kept', lane.pool)
  return kept and sub(kept, 1, 18) == worker .. lane.number
end

-- A worker that keeps room for a job of the lane has no reason to any more.
local function give_up(lane, worker)
  if not is_reserved(call('HGET', prefix .. 'kept', lane.pool)) then stop_keeping_in(lane.pool, worker) end
end

-- What a worker runs, by when it is expected to end: after its lane's average, and what has outlived that, when it has run for
-- twice as long as now (a prediction that failed is made anew: D. Tsafrir, Y. Etsion, D. G. Feitelson, "Backfilling Using
-- System-Generated Predictions Rather than User Runtime Estimates", IEEE TPDS 18, 2007).
local function expected_ends(worker, time)
  local leases, numbers, ends = call('HVALS', prefix .. 'held:' .. worker), {}, {}
  for index, lease in ipairs(leases) do numbers[index] = sub(lease, 26, 27) end
  load_lanes(numbers)
  for index, lease in ipairs(leases) do
    local lane = is_lease(lease) and lanes[numbers[index]]
    if lane then
      local start = unpack_bytes('>I8', lease, 9)
      local at = start + expected_duration(lane)
      ends[#ends + 1] = { at = at > time and at or 2 * time - start, lane = lane }
    end
  end
  table.sort(ends, function(a, b) return a.at < b.at end)
  return ends
end

-- When a worker that has `free` is expected to have enough for a job of the lane, if it takes nothing else; nil where what it
-- runs does not tell.
local function expected_start(lane, ends, free)
  local cpu, memory, gpu = free[1], free[2], free[3]
  for _, one in ipairs(ends) do
    cpu, memory, gpu = cpu + one.lane.cpu, memory + one.lane.memory, gpu + one.lane.gpu
    if lane.cpu <= cpu and lane.memory <= memory and lane.gpu <= gpu then return one.at end
  end
end

-- What will be left beside a job of the lane once what is expected to end by then has.
local function left_beside(lane, ends, free, by)
  local cpu, memory, gpu = free[1] - lane.cpu, free[2] - lane.memory, free[3] - lane.gpu
  for _, one in ipairs(ends) do
    if one.at > by then break end
    cpu, memory, gpu = cpu + one.lane.cpu, memory + one.lane.memory, gpu + one.lane.gpu
  end
  return { max(0, cpu), max(0, memory), max(0, gpu) }
end

-- Tenants of a lane that are looked at to find one that is due.
local DUE_LOOKED_AT = 8

-- The lanes among these of which a job has waited for long whose tenant is due before all others that the worker
-- could serve; that of the job accepted first comes first. For the one for which it keeps room already others may have become
-- due: what else the tenant was granted meanwhile, it will be charged with, and so will it be with that job.
local function overdue(large, first_tag, time, kept_lane)
  local found = {}
  for _, lane in ipairs(large) do
    local tenant = next_in(lane, DUE_LOOKED_AT)
    local id = tenant and call('ZRANGE', lane.queue .. tenant.id, 0, 0)[1]
    if id and (lane == kept_lane or not first_tag or tenant.tag <= first_tag) then
      local accepted = unpack_bytes('>I6', id)
      if accepted * 1000 + keep_after <= time then found[#found + 1] = { lane = lane, accepted = accepted } end
    end
  end
  table.sort(found, function(a, b)
    if a.accepted ~= b.accepted then return a.accepted < b.accepted end
    return a.lane.age < b.lane.age
  end)
  return found
end

-- Has a worker keep room for a job of the lane until then. Nothing is to run in the gap: when what is being ended is over
-- nobody knows. Returns false where room is to be kept for another in its pool.
local function reserve_room(lane, worker, time, at)
  local kept = call('HGET', prefix .. 'kept', lane.pool)
  if kept and is_reserved(kept) and sub(kept, 1, 18) ~= worker .. lane.number then return false end
  stop_keeping_in(lane.pool, worker)
  call('HSET', prefix .. 'kept', lane.pool, worker .. lane.number .. pack('>I8', time) .. '\1')
  set_lane_flag(lane, 4, true)
  set_timers({ string.format('%d', at), 'r' .. lane.pool })
  return true
end

-- When there is expected to be enough for a job of the lane for which `worker`, which has `free`, was told to keep room, and
-- what will be left beside it; nil where it was not, or nobody is found in the lane who might get it.
local function reserved_room(lane, worker, time, free)
  local kept = call('HGET', prefix .. 'kept', lane.pool)
  if not kept or not is_reserved(kept) or sub(kept, 1, 18) ~= worker .. lane.number then return nil end
  if call('EXISTS', lane.key) == 0 then return nil end
  local due = max(unpack_bytes('>I8', kept, 19), time)
  return due, left_beside(lane, expected_ends(worker, time), free, due)
end

-- Whether `worker`, which is expected to have enough at `start`, may keep room where it is `kept` for something else, or by
-- another: where that one should have had enough by now, and was not seen for twice as long as it takes to be asked (it may
-- be filled with other tiers' jobs), or has taken so long that nothing more runs in its gap, and takes more than twice as long
-- from now (what it runs may never end). Sooner it would go from one to another, and none would ever have enough.
local function may_take_over(kept, worker, start, time)
  if is_reserved(kept) then return false end
  -- A shorter one is of a version that did not note when it was seen.
  if sub(kept, 1, 16) == worker or #kept < 42 then return true end
  local until_when, seen, expected_at = unpack_bytes('>I8I8I8', kept, 19)
  if time - max(seen, expected_at) > 2 * kept_for then return true end
  return start ~= nil and time >= until_when and 2 * (start - time) < expected_at - time
end

-- Has `worker`, which has `free` (cpu, memory, gpu) and runs what `ends` tells, keep room for a job of the lane, unless another
-- does in its pool. Returns when there is expected to be enough, and what will be left beside the job then; nil where another
-- does. What runs longer than expected moves that time, but not for ever: once keeping has taken GAP_PATIENCE times as long as
-- it was expected to when it began, nothing more runs in the gap.
local function keep_room_in(lane, worker, time, free, ends)
  local kept = call('HGET', prefix .. 'kept', lane.pool)
  local is_same = kept and sub(kept, 1, 18) == worker .. lane.number
  local start = expected_start(lane, ends, free)
  local due = start or time
  if kept and not is_same and not may_take_over(kept, worker, start, time) then return nil end
  local until_when = is_same and unpack_bytes('>I8', kept, 19) or time + GAP_PATIENCE * (due - time)
  if not is_same then
    stop_keeping_in(lane.pool, worker)
    set_lane_flag(lane, 4, true)
    set_timers({ string.format('%d', time + kept_for), 'r' .. lane.pool })
  end
  if not is_same or not is_reserved(kept) then
    call('HSET', prefix .. 'kept', lane.pool, worker .. lane.number .. pack('>I8I8I8', until_when, time, due))
  end
  due = time < until_when and due or time
  return due, left_beside(lane, ends, free, due)
end

-- Has `worker` keep room for a job of one of the lanes, if it is to: of the one for which it does already, if that is still
-- overdue, before all others. Returns what `keep_room_in` does.
local function keep_room(large, first_tag, worker, time, free)
  local kept_lane, due, beside = nil, nil, nil
  for _, lane in ipairs(large) do
    if lane.flags >= 4 and is_kept_by(lane, worker) and call('EXISTS', lane.key) == 1 then kept_lane = lane end
  end
  local found = overdue(large, first_tag, time, kept_lane)
  local ends = found[1] and expected_ends(worker, time)
  for _, one in ipairs(found) do
    if one.lane == kept_lane then due, beside = keep_room_in(kept_lane, worker, time, free, ends) end
  end
  if kept_lane and not due then give_up(kept_lane, worker) end
  for _, one in ipairs(found) do
    if not due then due, beside = keep_room_in(one.lane, worker, time, free, ends) end
  end
  return due, beside
end

return stop_keeping, ask_all_keepers, stop_keeping_on, ask_keeper_again, is_kept_by, reserve_room, reserved_room,
  keep_room
