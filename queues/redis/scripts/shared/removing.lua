-- Shared: taking jobs out that are not leased.

-- Takes ready and delayed jobs (id, record) from where they wait. Their records are for the caller to remove.
local function take_out(jobs)
  for _, job in ipairs(jobs) do
    local id, record = job[1], job[2]
    if byte(record) == 3 then
      call('ZREM', prefix .. 'delayed', id)
    else
      local number, tenant = lane_of(record), tenant_of(record)
      local queue = prefix .. 'queue:' .. number .. tenant
      if call('ZREM', queue, id) == 1 then
        call('HINCRBY', counts_key, 'w' .. number, -1)
        if call('EXISTS', queue) == 0 then
          call('ZREM', prefix .. 'lane:' .. number, tenant)
          call('SREM', prefix .. 'parked:' .. tenant, number)
        end
      end
    end
  end
end
