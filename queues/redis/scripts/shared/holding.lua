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
      note_ended({ number = sub(held[2], 26, 27), tenant = sub(held[2], 28, 43) }, 1)
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
  if is_readable(record) then note_ended({ number = lane_of(record), tenant = tenant_of(record) }, 1) end
end

-- Takes leases (id, lease) of a flat list away from their worker, at most `most`, in the order in which they were granted,
-- those of one call by their jobs; what is none is dropped. Returns them.
local function take_in_order(worker, flat, most)
  local leases, ids = {}, {}
  for index = 1, #flat, 2 do
    local id, lease = flat[index], flat[index + 1]
    if is_lease(lease) then
      leases[#leases + 1] = { id = id, lease = lease, token = unpack_bytes('>I8', lease) }
    else
      drop_stray(worker, id)
    end
  end
  table.sort(leases, function(a, b)
    if a.token ~= b.token then return a.token < b.token end
    return id_before(a, b)
  end)
  for index = #leases, most + 1, -1 do leases[index] = nil end
  for index, held in ipairs(leases) do ids[index] = held.id end
  if #ids > 0 then call('HDEL', prefix .. 'held:' .. worker, unpack(ids)) end
  return leases
end

return find_leases, drop_leases, take_in_order
