-- Forgets jobs in whatever state, with no outcome.
-- KEYS     1 the prefix of all keys
-- ARGV     1 time in microseconds, or '' for the server's; 2… job ids
-- Returns  how many were held
-- Cost     O(n log N) for n jobs given, N ready
transition('forget', 'allow-oom', function()
  local ids = ids_of(2, 1)
  if not ids or #ids == 0 or (ARGV[1] ~= '' and not whole(ARGV[1])) then return refuse('a job id has 16 bytes') end
  local records, count, waiting, ended = call('HMGET', jobs_key, unpack(ids)), 0, {}, {}
  for index, id in ipairs(ids) do
    local record = records[index]
    if record and call('HDEL', jobs_key, id) == 1 then
      count = count + 1
      if not is_readable(record) then
        -- Where it waits, or who holds it, nobody can tell: whoever comes upon it there drops it.
      elseif is_leased(record) then
        if call('HDEL', prefix .. 'held:' .. worker_of(record), id) == 1 then
          ended[#ended + 1] = { lane = lane_of(record), tenant = tenant_of(record) }
        end
      else
        waiting[#waiting + 1] = { id, record }
      end
      call('HDEL', prefix .. 'progress', id)
      call('DEL', prefix .. 'log:' .. id)
    end
  end
  take_out(waiting)
  if #ended > 0 then account(ended, ARGV[1]) end
  save_tenants()
  save_limits()
  save_state()
  return count
end)
