-- Makes those delayed jobs ready whose time has come.
-- KEYS     1 the prefix of all keys
-- ARGV     1 time in microseconds, or '' for the server's; 2 how many at most, 0–1000
-- Returns  how many became ready; the microsecond at which the next is due, or '' where none waits
-- Cost     O(n log N) for n promoted, N delayed or ready

local function promote(ids)
  call('ZREM', prefix .. 'delayed', unpack(ids))
  local records, numbers, bodies = call('HMGET', jobs_key, unpack(ids)), {}, {}
  for index, record in ipairs(records) do
    if record and not is_readable(record) then
      set_record_aside(ids[index], record)
      records[index] = false
    elseif record and is_delayed(record) then
      numbers[#numbers + 1] = lane_of(record)
    else
      records[index] = false
    end
  end
  load_lanes(numbers)
  for index, id in ipairs(ids) do
    local record = records[index]
    local lane = record and lanes[lane_of(record)]
    if lane then
      bodies[#bodies + 1], bodies[#bodies + 2] = id, sub(record, 1, 18) .. '\0' .. sub(record, 20)
      count_delayed(lane, -1)
      arrive(lane, tenant_of(record), id, byte(record, 20))
    end
  end
  if #bodies > 0 then call('HSET', jobs_key, unpack(bodies)) end
  make_ready(ARGV[1])
  save()
end

transition('promote', 'allow-oom', function()
  local limit = whole(ARGV[2])
  if #ARGV ~= 2 or not limit or limit > 1000 then return refuse('promotion takes a limit') end
  local generation, _, time = open(ARGV[1])
  if not time then return refuse('the time is no number') end
  if not generation then return lost() end
  local delayed = prefix .. 'delayed'
  call('DEL', prefix .. 'signals:due')
  local ids = call('ZRANGEBYSCORE', delayed, '-inf', time, 'LIMIT', 0, limit)
  if #ids > 0 then promote(ids) end
  local next_due = call('ZRANGE', delayed, 0, 0, 'WITHSCORES')
  return { #ids, next_due[2] and string.format('%d', next_due[2]) or '' }
end)
