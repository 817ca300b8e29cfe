-- Shared: taking jobs out that are not leased.

-- Takes ready and delayed jobs (id, record) from where they wait. Their records are for the caller to remove; the counts
-- are saved with the lanes.
local function take_out(jobs)
  local records = {}
  for index, job in ipairs(jobs) do records[index] = job[2] end
  load_lanes_of(records, #records)
  for _, job in ipairs(jobs) do
    local id, record = job[1], job[2]
    local lane, tenant = lanes[lane_of(record)], tenant_of(record)
    if byte(record) == 3 then
      call('ZREM', prefix .. 'delayed', id)
    elseif lane and call('ZREM', queue_key(lane, tenant), id) == 1 then
      count_ready(lane, -1)
      if call('EXISTS', queue_key(lane, tenant)) == 0 then
        call('ZREM', lane.key, tenant)
        call('SREM', prefix .. 'parked:' .. tenant, lane.number)
      end
    end
  end
end
