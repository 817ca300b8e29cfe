-- Shared: taking jobs out that are not leased.

-- A job of a tenant has gone from a lane.
local function leave(lane, id)
  count_ready(lane, -1)
  stop_keeping(lane)
  if waiting_in(lane, id) > 0 then return end
  local pool = load_tenants(lane.pool, { id })
  set_waits(lane, pool, pool.tenants[id], false)
  call('ZREM', lane.key, id)
  call('SREM', prefix .. 'parked:' .. id, lane.number)
end

-- Takes jobs (id, record) from where they wait, ready or delayed. Their records are for the caller to remove; the counts
-- are saved with lanes and tenants. Returns the jobs that wait nowhere: they are leased.
local function take_out(jobs)
  local numbers, elsewhere, timers = {}, {}, {}
  for index, job in ipairs(jobs) do numbers[index] = lane_of(job[2]) end
  load_lanes(numbers)
  for _, job in ipairs(jobs) do
    local id, record = job[1], job[2]
    local lane, tenant = lanes[lane_of(record)], tenant_of(record)
    if has_start_by(record) then timers[#timers + 1] = 'x' .. id end
    if is_delayed(record) then
      if call('ZREM', prefix .. 'timers', id) == 1 and lane then count_delayed(lane, -1) end
    elseif lane and call('ZREM', lane.queue .. tenant, id) == 1 then
      leave(lane, tenant)
    else
      elsewhere[#elsewhere + 1] = job
      if has_start_by(record) then timers[#timers] = nil end
    end
  end
  drop_timers(timers)
  return elsewhere
end

return take_out
