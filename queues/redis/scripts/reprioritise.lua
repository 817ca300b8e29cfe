-- Changes the priority of jobs. One that waits moves to its new place at once; one that runs has it when it comes back.
-- KEYS     1 the prefix of all keys
-- ARGV     1 time in microseconds, or '' for the server's; then per job: its id, its priority, 0–100
-- Returns  a string with, per job, '0' (not held), '1' (it waits) or '2' (it runs)
-- Cost     O(n log N) for n jobs given, N ready; and O(m W) for m of them that are leased, W workers

-- Moves a job that is ready. Returns false where it is not.
local function move(record, id, priority)
  local queue = prefix .. 'queue:' .. lane_of(record) .. tenant_of(record)
  if not call('ZSCORE', queue, id) then return false end
  call('ZADD', queue, 'XX', score_of(priority, id), id)
  return true
end

transition('reprioritise', 'allow-oom', function()
  local ids = ids_of(2, 2)
  if not ids or #ids == 0 or #ARGV % 2 == 0 or (ARGV[1] ~= '' and not whole(ARGV[1])) then
    return refuse('a job has an id and a priority')
  end
  for index = 3, #ARGV, 2 do
    local priority = whole(ARGV[index])
    if not priority or priority > 100 then return refuse('a priority is from 0 to 100') end
  end
  if not open(ARGV[1]) then return lost() end
  local verdicts, bodies, elsewhere, places = {}, {}, {}, {}
  for index, record in ipairs(call('HMGET', jobs_key, unpack(ids))) do
    local id, priority = ids[index], whole(ARGV[2 * index + 1])
    verdicts[index] = '0'
    if record and is_readable(record) then
      bodies[#bodies + 1], bodies[#bodies + 2] = id, sub(record, 1, 24) .. string.char(priority) .. sub(record, 26)
      if is_delayed(record) or move(record, id, priority) then
        verdicts[index] = '1'
      else
        elsewhere[#elsewhere + 1], places[#elsewhere + 1] = id, index
      end
    end
  end
  if #bodies > 0 then call('HSET', jobs_key, unpack(bodies)) end
  local running = find_leases(elsewhere)
  for order, id in ipairs(elsewhere) do
    if running[id] then verdicts[places[order]] = '2' end
  end
  return table.concat(verdicts)
end)
