-- Shared: taking jobs out that are not leased.

-- Takes jobs (id, record) from where they wait, ready or delayed. Their records are for the caller to remove; the counts
-- are saved with the lanes. Returns the jobs that wait nowhere: they are leased.
local function take_out(jobs)
  local numbers, elsewhere = {}, {}
  for index, job in ipairs(jobs) do numbers[index] = lane_of(job[2]) end
  load_lanes(numbers)
  for _, job in ipairs(jobs) do
    local id, record = job[1], job[2]
    local lane, tenant = lanes[lane_of(record)], tenant_of(record)
    local queue = lane and lane.queue .. tenant
    if is_delayed(record) then
      call('ZREM', prefix .. 'delayed', id)
    elseif lane and call('ZREM', queue, id) == 1 then
      count_ready(lane, -1)
      if call('EXISTS', queue) == 0 then
        call('ZREM', lane.key, tenant)
        call('SREM', prefix .. 'parked:' .. tenant, lane.number)
      end
    else
      elsewhere[#elsewhere + 1] = job
    end
  end
  return elsewhere
end
