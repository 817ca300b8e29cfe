-- Takes ready and delayed jobs out and tells the workers of leased ones to stop them.
-- KEYS     1 the prefix of all keys
-- ARGV     1 time in microseconds, or '' for the server's; 2 entries that the event log keeps; 3 seconds for which a
--          live log is kept; 4… job ids
-- Returns  a string with, per job, '0' (not held), '1' (removed) or '2' (its worker is told)
-- Cost     O(n log N) for n jobs given, N ready
transition('cancel', 'allow-oom', function()
  local ids = ids_of(4, 1)
  if not ids or #ids == 0 or not whole(ARGV[2]) or not whole(ARGV[3]) then return refuse('a job id has 16 bytes') end
  local generation, last, time = open(ARGV[1])
  if not time then return refuse('the time is no number') end
  if not generation then return lost() end
  local ended_at, no_lease = pack('>I8', time), string.rep('\0', 32)
  local verdicts, told, flagged, removed, seen = {}, {}, {}, {}, {}
  for index, record in ipairs(call('HMGET', jobs_key, unpack(ids))) do
    local id = ids[index]
    if record and not is_readable(record) then record = false end
    verdicts[index] = (not record and '0') or (is_leased(record) and '2') or (seen[id] and '0') or '1'
    if verdicts[index] == '1' then
      note_outcome(id, CANCELLED, 1, 0, no_lease, ended_at, '')
      gone[#gone + 1] = id
      removed[#removed + 1] = { id, record }
    elseif verdicts[index] == '2' and byte(record) == 1 and not seen[id] then
      flagged[#flagged + 1], flagged[#flagged + 2] = id, '\2' .. sub(record, 2)
      told[#told + 1] = { worker_of(record), id }
    end
    seen[id] = true
  end
  if #flagged > 0 then call('HSET', jobs_key, unpack(flagged)) end
  take_out(removed)
  settle(last, time, ARGV[2], ARGV[3], ARGV[1])
  for _, pair in ipairs(told) do signal(pair[1], 'c' .. pair[2]) end
  return table.concat(verdicts)
end)
