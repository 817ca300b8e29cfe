-- Shared: what workers hold: `held:<worker>` has the leases of the worker by the jobs' ids.

-- The leases of jobs that wait nowhere, by id: { worker, lease }. Nobody keeps an index of them, which would cost every
-- lease and every end something; this is asked seldom.
-- Cost     O(n W) for n jobs, W workers
local function find_leases(ids)
  local found, wanted = {}, ids
  if #ids == 0 then return found end
  for _, worker in ipairs(call('ZRANGE', prefix .. 'workers', 0, -1)) do
    local rest = {}
    for index, lease in ipairs(call('HMGET', prefix .. 'held:' .. worker, unpack(wanted))) do
      local id = wanted[index]
      if lease and is_lease(lease) then found[id] = { worker, lease } else rest[#rest + 1] = id end
    end
    wanted = rest
    if #wanted == 0 then break end
  end
  return found
end

-- Takes leases away without an outcome. Returns how many there were.
local function drop_leases(ids)
  local found, count, timers = find_leases(ids), 0, {}
  for _, id in ipairs(ids) do
    local held = found[id]
    if held and call('HDEL', prefix .. 'held:' .. held[1], id) == 1 then
      note_ended(sub(held[2], 26, 27), sub(held[2], 28, 43))
      if had_start_by(held[2]) then timers[#timers + 1] = 'x' .. id end
      count = count + 1
    end
  end
  drop_timers(timers)
  return count
end

-- What is among a worker's leases without being one. Its job is not in the queue any more: the ledger knows it, and it
-- is restored from there.
local function drop_stray(worker, id)
  call('HDEL', prefix .. 'held:' .. worker, id)
  local record = call('HGET', jobs_key, id)
  if not record then return end
  set_record_aside(id, record)
  if is_readable(record) then note_ended(lane_of(record), tenant_of(record)) end
end

-- Leases (id, lease) from a flat list, in the order in which they were granted; what is none is dropped.
local function in_order_of_grant(worker, flat)
  local leases = {}
  for index = 1, #flat, 2 do
    local id, lease = flat[index], flat[index + 1]
    if is_lease(lease) then
      leases[#leases + 1] = { id, lease, unpack_bytes('>I8', lease) }
    else
      drop_stray(worker, id)
    end
  end
  table.sort(leases, function(a, b) return a[3] < b[3] end)
  return leases
end
