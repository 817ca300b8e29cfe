-- Where jobs are.
-- KEYS     1 the prefix of all keys
-- ARGV     1… job ids
-- Returns  per job: the first 25 bytes of its record ('' if it is not held, or cannot be read), how many ready jobs of its
--          tenant and lane go before it; or where it is delayed, these and the microsecond at which it is due; or where it
--          is leased, its lease, worker and tier, and its note (see progress.lua)
-- Cost     O(n log N) for n jobs given, N ready; and O(m W) for m of them that are leased, W workers
transition('status', 'no-writes', function()
  local ids = ids_of(1, 1)
  if not ids or #ids == 0 then return refuse('a job id has 16 bytes') end
  if not call('HGET', state_key, 'generation') then return lost() end
  local reply, elsewhere, places = {}, {}, {}
  for index, record in ipairs(call('HMGET', jobs_key, unpack(ids))) do
    local id, head, extra = ids[index], '', ''
    if record and is_readable(record) then
      head = sub(record, 1, 25)
      if is_delayed(record) then
        extra = call('ZSCORE', prefix .. 'timers', id) or ''
      else
        extra = call('ZRANK', prefix .. 'queue:' .. lane_of(record) .. tenant_of(record), id)
        if not extra then
          elsewhere[#elsewhere + 1], places[#places + 1] = id, index
          head, extra = '', ''
        end
      end
    end
    reply[2 * index - 1], reply[2 * index] = head, extra
  end
  local found, numbers = find_leases(elsewhere), {}
  for _, held in pairs(found) do numbers[#numbers + 1] = sub(held[2], 26, 27) end
  load_lanes(numbers)
  for order, id in ipairs(elsewhere) do
    if found[id] then
      local index, lane = places[order], lanes[sub(found[id][2], 26, 27)]
      reply[2 * index - 1] = found[id][2] .. found[id][1] .. (lane and lane.tier or '')
      reply[2 * index] = call('HGET', prefix .. 'progress', id) or ''
    end
  end
  return reply
end)
