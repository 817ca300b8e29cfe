-- Shared: ending attempts. What a call amounts to is gathered first (`finish`) and written last (`settle`), so that a
-- call that refuses has written nothing.
local SUCCEEDED, FAILED, CANCELLED, RELEASED, EXPIRED = 0, 1, 2, 3, 4

local gone, outcomes, freed, spent = {}, {}, {}, {}

-- An outcome, after its own length: id, ending, whether final, attempt, token, worker, start, end, report.
local function note_outcome(id, ending, is_final, attempt, lease, ended_at, report)
  local packed = id .. struct.pack('>BBH', ending, is_final, attempt) .. lease .. ended_at .. report
  outcomes[#outcomes + 1] = struct.pack('>I4', #packed) .. packed
end

local function note_end(id, record, ending, is_final, ended_at, report)
  note_outcome(id, ending, is_final, attempts_made(record) + 1, sub(record, 26, 57), ended_at, report)
  local worker, start, charge = sub(record, 34, 49), struct.unpack('>I8I8', record, 50)
  local ids = freed[worker]
  if ids then ids[#ids + 1] = id else freed[worker] = { id } end
  spent[#spent + 1] = {
    lane = lane_of(record), tenant = tenant_of(record), charge = charge,
    microseconds = struct.unpack('>I8', ended_at) - start, is_telling = ending <= FAILED,
  }
end

-- The attempt ends, and its job with it.
local function finish(id, record, ending, ended_at, report)
  note_end(id, record, ending, 1, ended_at, report)
  gone[#gone + 1] = id
end

-- Frees the leases of the ended attempts and forgets how far these were; their live logs go once nobody reads them any
-- more.
local function free_leases(retention)
  for worker, ids in pairs(freed) do
    call('HDEL', prefix .. 'held:' .. worker, unpack(ids))
    for index, note in ipairs(call('HMGET', prefix .. 'progress', unpack(ids))) do
      if note then
        call('HDEL', prefix .. 'progress', ids[index])
        call('EXPIRE', prefix .. 'log:' .. ids[index], retention)
      end
    end
  end
end

-- Writes all of it. Returns the call's tick; nil where nothing ended.
local function settle(last, time, retention, given)
  if #spent > 0 then account(spent, given) end
  if #outcomes == 0 then return nil end
  local tick = math.max(last + 1, time)
  if #gone > 0 then call('HDEL', jobs_key, unpack(gone)) end
  free_leases(retention)
  append('outcomes', 'b', tick, outcomes)
  call('HSET', state_key, 'tick', string.format('%d', tick))
  return tick
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
