-- Notes how far leased jobs are and appends to their live logs.
-- KEYS     1 the prefix of all keys
-- ARGV     1 time in microseconds, or '' for the server's; 2 entries that the event log keeps; 3 bytes of a live log;
--          then per report: job id, token, fraction (8 bytes, or '' to leave it), stage ('' to leave it), log
-- Returns  a string with, per report, '1' (accepted) or '0' (stale)
-- Cost     O(n + bytes of the logs)
-- A note is the fraction (8 bytes; all ones: none) and the stage. A live log is that of one attempt: its token (8
-- bytes), then what it has printed.
local NONE = '\255\255\255\255\255\255\255\255'

local function append_log(id, token, text, log_max)
  if #text == 0 then return end
  local key = prefix .. 'log:' .. id
  if call('GETRANGE', key, 0, 7) ~= token then call('SET', key, token) end
  local room = log_max + 8 - call('STRLEN', key)
  if room <= 0 then return end
  call('APPEND', key, sub(text, 1, room))
  call('PERSIST', key)
end

-- The first report of an attempt marks its record, so that its end knows that there is a note to forget.
local function mark(ids, records)
  local bodies, seen = {}, {}
  for index, id in ipairs(ids) do
    local record = records[index]
    if record and not seen[id] and byte(record, 66) == 0 then
      seen[id] = true
      bodies[#bodies + 1], bodies[#bodies + 2] = id, sub(record, 1, 65) .. '\1' .. sub(record, 67)
    end
  end
  if #bodies > 0 then call('HSET', jobs_key, unpack(bodies)) end
end

transition('progress', 'allow-oom', function()
  local ids, log_max = ids_of(4, 5), whole(ARGV[3])
  if not ids or #ids == 0 or (#ARGV - 3) % 5 ~= 0 or not log_max or not whole(ARGV[2]) then
    return refuse('a report has an id, a token, a fraction, a stage and a log')
  end
  for index = 6, #ARGV, 5 do
    if (#ARGV[index] ~= 0 and #ARGV[index] ~= 8) or #ARGV[index + 1] > 255 then
      return refuse('a fraction has 8 bytes, a stage at most 255')
    end
  end
  local generation, last, time = open(ARGV[1])
  if not time then return refuse('the time is no number') end
  if not generation then return lost() end
  local records, notes = call('HMGET', jobs_key, unpack(ids)), call('HMGET', prefix .. 'progress', unpack(ids))
  local verdicts, told, changed, latest = {}, {}, {}, {}
  for index, id in ipairs(ids) do
    local first = 5 * index - 1
    local is_accepted = is_owned(records[index], ARGV[first + 1])
    verdicts[index] = is_accepted and '1' or '0'
    if is_accepted then
      local old, fraction, stage = latest[id] or notes[index] or NONE, ARGV[first + 2], ARGV[first + 3]
      if fraction == '' then fraction = sub(old, 1, 8) end
      if stage == '' then stage = sub(old, 9) end
      latest[id] = fraction .. stage
      changed[#changed + 1], changed[#changed + 2] = id, latest[id]
      told[#told + 1] = id .. 'P' .. fraction .. string.char(#stage) .. stage
      append_log(id, ARGV[first + 1], ARGV[first + 4], log_max)
    else
      records[index] = false
    end
  end
  if #changed > 0 then
    local tick = math.max(last + 1, time)
    call('HSET', prefix .. 'progress', unpack(changed))
    mark(ids, records)
    announce(tick, told, ARGV[2])
    save_state(tick)
  end
  return table.concat(verdicts)
end)
