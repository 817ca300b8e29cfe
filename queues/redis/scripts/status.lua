-- Where jobs are.
-- KEYS     1 the prefix of all keys
-- ARGV     1… job ids
-- Returns  per job: its record without the payload ('' if it is not held, or cannot be read); then how many ready jobs
--          of its tenant and lane go before it, or where it is delayed, the microsecond at which it is due, or where it
--          is leased, its note (see progress.lua)
-- Cost     O(n log N) for n jobs given, N ready
transition('status', 'no-writes', function()
  local ids = ids_of(1, 1)
  if not ids or #ids == 0 then return refuse('a job id has 16 bytes') end
  if not call('HGET', state_key, 'generation') then return lost() end
  local reply = {}
  for index, record in ipairs(call('HMGET', jobs_key, unpack(ids))) do
    local id, head, extra = ids[index], '', ''
    if record and not is_readable(record) then record = false end
    if record and is_leased(record) then
      head = sub(record, 1, 66)
      extra = call('HGET', prefix .. 'progress', id) or ''
    elseif record and byte(record) == 3 then
      head = sub(record, 1, 25)
      extra = call('ZSCORE', prefix .. 'delayed', id) or ''
    elseif record then
      head = sub(record, 1, 25)
      extra = call('ZRANK', prefix .. 'queue:' .. lane_of(record) .. tenant_of(record), id)
    end
    reply[2 * index - 1], reply[2 * index] = head, extra
  end
  return reply
end)
