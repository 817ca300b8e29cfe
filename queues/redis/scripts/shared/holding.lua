-- Shared: what a worker holds.

-- The records of jobs, false where one is not held. Read in parts, because Lua passes at most 8000 values to a call.
local function records_of(ids)
  local records = {}
  for first = 1, #ids, 1000 do
    local part = call('HMGET', jobs_key, unpack(ids, first, math.min(first + 999, #ids)))
    for index, record in ipairs(part) do records[first + index - 1] = record end
  end
  return records
end

-- What is in a worker's set of leases without being its lease: its record cannot be read, or was replaced.
local function drop_stray(worker, id, record)
  if record and not is_readable(record) then
    set_record_aside(id, record)
    record = false
  end
  call('SREM', prefix .. 'held:' .. worker, id)
  -- The tier of a record that cannot be read is not known: the census counts it there until the queue is rebuilt.
  if record then call('HINCRBY', prefix .. 'leased', tier_of(record), -1) end
end

-- Leases (id, record) of jobs that a worker holds, in the order in which they were granted.
local function in_order_of_grant(worker, ids)
  local records, leases = records_of(ids), {}
  for index, id in ipairs(ids) do
    local record = records[index]
    if record and is_readable(record) and is_leased(record) and sub(record, 16, 31) == worker then
      leases[#leases + 1] = { id, record, struct.unpack('>I8', record, 8) }
    else
      drop_stray(worker, id, record)
    end
  end
  table.sort(leases, function(a, b) return a[3] < b[3] end)
  return leases
end
