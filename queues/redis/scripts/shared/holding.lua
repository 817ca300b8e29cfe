-- Shared: what a worker holds: in `held:<worker>`, the lane and the tenant of each job that it leased.

-- The records of jobs, false where one is not held. Read in parts, because Lua passes at most 8000 values to a call.
local function records_of(ids)
  local records = {}
  for first = 1, #ids, 1000 do
    local part = call('HMGET', jobs_key, unpack(ids, first, math.min(first + 999, #ids)))
    for index, record in ipairs(part) do records[first + index - 1] = record end
  end
  return records
end

-- What is among a worker's leases without being its lease: its record cannot be read, or was replaced.
local function drop_stray(worker, id, record)
  if record and not is_readable(record) then set_record_aside(id, record) end
  local held = prefix .. 'held:' .. worker
  local where = call('HGET', held, id)
  call('HDEL', held, id)
  if where and #where == 18 then spent[#spent + 1] = { lane = sub(where, 1, 2), tenant = sub(where, 3) } end
end

-- Leases (id, record) of jobs that a worker holds, in the order in which they were granted.
local function in_order_of_grant(worker, ids)
  local records, leases = records_of(ids), {}
  for index, id in ipairs(ids) do
    local record = records[index]
    if record and is_readable(record) and is_leased(record) and worker_of(record) == worker then
      leases[#leases + 1] = { id, record, unpack_bytes('>I8', record, 26) }
    else
      drop_stray(worker, id, record)
    end
  end
  table.sort(leases, function(a, b) return a[3] < b[3] end)
  return leases
end
