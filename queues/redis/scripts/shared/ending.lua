-- Shared: ending attempts. What a call amounts to is gathered first (`finish`, `requeue`) and written last (`settle`),
-- so that a call that refuses has written nothing.
local SUCCEEDED, FAILED, CANCELLED, RELEASED, EXPIRED = 0, 1, 2, 3, 4

local gone, bodies, outcomes, events = {}, {}, {}, {}
local ready, freed, leased_change = {}, {}, {}

local function listed(map, key)
  local list = map[key]
  if not list then
    list = {}
    map[key] = list
  end
  return list
end

-- An outcome: id, ending, whether final, attempt, token, worker, start, end, report.
local function note_outcome(id, ending, is_final, attempt, lease, ended_at, report)
  outcomes[#outcomes + 1] = id .. struct.pack('>BBH', ending, is_final, attempt) .. lease .. ended_at .. report
end

local function note_end(id, record, ending, is_final, ended_at, report)
  note_outcome(id, ending, is_final, attempts_made(record) + 1, sub(record, 8, 39), ended_at, report)
  local of_worker = listed(freed, sub(record, 16, 31))
  of_worker[#of_worker + 1] = id
  local tier = tier_of(record)
  leased_change[tier] = (leased_change[tier] or 0) - 1
  return tier
end

-- The attempt ends, and its job with it.
local function finish(id, record, ending, ended_at, report)
  note_end(id, record, ending, 1, ended_at, report)
  gone[#gone + 1] = id
end

-- The attempt ends, and its job goes back to its old place with `made` attempts behind it.
local function requeue(id, record, ending, made, ended_at, report)
  local tier = note_end(id, record, ending, 0, ended_at, report)
  bodies[#bodies + 1] = id
  bodies[#bodies + 1] = '\0' .. sub(record, 2, 4) .. struct.pack('>H', made) .. sub(record, 7, 7) .. sub(record, 40)
  local scores = listed(ready, tier)
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

-- Leases (id, record) of jobs that are all leased, in the order in which they were granted.
local function in_order_of_grant(ids)
  local leases = records_of(ids)
  for index, record in ipairs(leases) do leases[index] = { ids[index], record, struct.unpack('>I8', record, 8) } end
  table.sort(leases, function(a, b) return a[3] < b[3] end)
  return leases
end

-- Forgets how far the ended attempts were; their live logs go once nobody reads them any more.
local function drop_progress(ids, retention)
  local notes = call('HMGET', prefix .. 'progress', unpack(ids))
  for index, note in ipairs(notes) do
    if note then
      call('HDEL', prefix .. 'progress', ids[index])
      call('EXPIRE', prefix .. 'log:' .. ids[index], retention)
    end
  end
end

local function free_leases(retention)
  for worker, ids in pairs(freed) do
    call('SREM', prefix .. 'held:' .. worker, unpack(ids))
    drop_progress(ids, retention)
  end
  for tier, change in pairs(leased_change) do call('HINCRBY', prefix .. 'leased', tier, change) end
end

-- Writes all of it.
local function settle(last, time, entries_max, retention)
  if #outcomes == 0 then return end
  local tick = math.max(last + 1, time)
  if #gone > 0 then call('HDEL', jobs_key, unpack(gone)) end
  if #bodies > 0 then call('HSET', jobs_key, unpack(bodies)) end
  free_leases(retention)
  for place, outcome in ipairs(outcomes) do
    call('XADD', prefix .. 'outcomes', position(tick, place - 1), 'o', outcome)
  end
  call('HSET', state_key, 'tick', string.format('%d', tick))
  announce(tick, events, entries_max)
  for tier, scores in pairs(ready) do make_ready(tier, scores, ARGV[1]) end
end

-- Whether each lease named (id, token, … every `step` arguments from `first` on) is still its caller's. Returns the
-- ids, their records (false where the lease is stale) and the verdicts; nil if an argument is malformed.
local function owned_leases(first, step)
  local ids = ids_of(first, step)
  if not ids or #ids == 0 or (#ARGV - first + 1) % step ~= 0 then return nil end
  local records, verdicts, seen = call('HMGET', jobs_key, unpack(ids)), {}, {}
  for index, id in ipairs(ids) do
    local token = ARGV[first + (index - 1) * step + 1]
    if seen[id] or not is_owned(records[index], token) then records[index] = false end
    if records[index] then seen[id] = true end
    verdicts[index] = records[index] and '1' or '0'
  end
  return ids, records, table.concat(verdicts)
end
