-- Shared: jobs that are ready again after an attempt (`requeue`), written after what ended (`settle_all`).
local bodies, events, ready = {}, {}, {}

-- The attempt ends, and its job goes back to its old place with `made` attempts behind it.
local function requeue(id, record, ending, made, ended_at, report)
  local tier = note_end(id, record, ending, 0, ended_at, report)
  bodies[#bodies + 1] = id
  bodies[#bodies + 1] = '\0' .. sub(record, 2, 4) .. struct.pack('>H', made) .. sub(record, 7, 7) .. sub(record, 40)
  local scores = ready[tier] or {}
  ready[tier] = scores
  scores[#scores + 1] = -byte(record, 2)
  scores[#scores + 1] = id
  events[#events + 1] = id .. 'R' .. string.char(ending)
end

-- The attempt ended badly: a job that its owner cancelled is finished so, one with attempts left is tried again.
local function retry_or_finish(id, record, ending, ended_at, report)
  local made, high, low = attempts_made(record) + 1, byte(record, 3, 4)
  if byte(record) == 2 then
    finish(id, record, CANCELLED, ended_at, report)
  elseif made < high * 256 + low then
    requeue(id, record, ending, made, ended_at, report)
  else
    finish(id, record, ending, ended_at, report)
  end
end

-- The attempt is handed back and does not count; a job that its owner cancelled is finished so.
local function hand_back(id, record, ended_at, report)
  if byte(record) == 2 then
    finish(id, record, CANCELLED, ended_at, report)
  else
    requeue(id, record, RELEASED, attempts_made(record), ended_at, report)
  end
end

-- Writes all of it, what ended and what is ready again.
local function settle_all(last, time, entries_max, retention)
  local tick = settle(last, time, retention)
  if not tick then return end
  if #bodies > 0 then call('HSET', jobs_key, unpack(bodies)) end
  announce(tick, events, entries_max)
  for tier, scores in pairs(ready) do make_ready(tier, scores, ARGV[1]) end
end
