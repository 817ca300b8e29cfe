-- Notes how far leased jobs are and appends to their live logs.
-- KEYS     1 the prefix of all keys
-- ARGV     1 time in microseconds, or '' for the server's; 2 entries that the event log keeps; 3 bytes of a live log;
--          4 worker; then per report: job id, token, fraction (8 bytes, or '' to leave it), stage ('' to leave it), log
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

-- The first report of an attempt marks its lease, so that its end knows that there is a note to forget.
local function mark(worker, ids, leases)
  local marked, seen = {}, {}
  for index, id in ipairs(ids) do
    local lease = leases[index]
    if lease and not seen[id] and not has_flag(lease, HAS_REPORTED) then
      seen[id] = true
      marked[#marked + 1], marked[#marked + 2] = id, with_flag(lease, HAS_REPORTED)
    end
  end
  if #marked > 0 then call('HSET', prefix .. 'held:' .. worker, unpack(marked)) end
end

transition('progress', 'allow-oom', function()
  local worker, ids, log_max = ARGV[4], ids_of(5, 5), whole(ARGV[3])
  if not ids or #ids == 0 or #worker ~= 16 or (#ARGV - 4) % 5 ~= 0 or not log_max or not whole(ARGV[2]) then
    return refuse('a report names a worker, and per lease an id, a token, a fraction, a stage and a log')
  end
  for index = 7, #ARGV, 5 do
    if (#ARGV[index] ~= 0 and #ARGV[index] ~= 8) or #ARGV[index + 1] > 255 then
      return refuse('a fraction has 8 bytes, a stage at most 255')
    end
  end
  local generation, last, time = open(ARGV[1])
  if not time then return refuse('the time is no number') end
  if not generation then return lost() end
  local leases = call('HMGET', prefix .. 'held:' .. worker, unpack(ids))
  local notes = call('HMGET', prefix .. 'progress', unpack(ids))
  local verdicts, told, changed, latest = {}, {}, {}, {}
  for index, id in ipairs(ids) do
    local first, lease = 5 * index, leases[index]
    local is_accepted = lease and is_lease(lease) and sub(lease, 1, 8) == ARGV[first + 1]
    verdicts[index] = is_accepted and '1' or '0'
    if is_accepted then
      local old, fraction, stage = latest[id] or notes[index] or NONE, ARGV[first + 2], ARGV[first + 3]
      if fraction == '' then fraction = sub(old, 1, 8) end
      if stage == '' then stage = sub(old, 9) end
      latest[id] = fraction .. stage
      changed[#changed + 1], changed[#changed + 2] = id, latest[id]
      add_run(told, 'P' .. fraction .. string.char(#stage) .. stage, ids, index, index)
      append_log(id, ARGV[first + 1], ARGV[first + 4], log_max)
    else
      leases[index] = false
    end
  end
  if #changed > 0 then
    local tick = max(last + 1, time)
    call('HSET', prefix .. 'progress', unpack(changed))
    mark(worker, ids, leases)
    announce(tick, told, ARGV[2])
    save_state(tick)
  end
  return table.concat(verdicts)
end)
