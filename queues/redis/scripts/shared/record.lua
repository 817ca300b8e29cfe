-- Shared: a job's record, all numbers big-endian.
--   1     state: 0 ready, 1 leased, 2 leased and to be cancelled, 3 delayed
--   2     priority
--   3–4   the most attempts
--   5–6   attempts made
--   7     attempts of these that ended with the loss of their worker
--   8–9   lane (see lanes.lua)
--   10–25 tenant
--   26–66 only where leased: token (8), worker (16), start of the attempt in microseconds (8), what its tenant was
--         charged for it (8), 1 where it has told how far it is (1)
--   then the payload

-- Whether a record has this layout. Anything may stand in its place: a value that was cut, or a newer version's.
local function is_readable(record)
  local state, priority = byte(record, 1, 2)
  return priority and state <= 3 and priority <= 100 and #record >= ((state == 1 or state == 2) and 66 or 25)
end

local function is_leased(record)
  local state = byte(record)
  return state == 1 or state == 2
end

local function lane_of(record) return sub(record, 8, 9) end

local function tenant_of(record) return sub(record, 10, 25) end

local function worker_of(record) return sub(record, 34, 49) end

-- Whether `record` is that of a lease with this token (8 bytes); false for a job that is not held.
local function is_owned(record, token)
  return record and is_readable(record) and is_leased(record) and sub(record, 26, 33) == token
end

local function attempts_made(record)
  local high, low = byte(record, 5, 6)
  return high * 256 + low
end

-- The ids among the arguments, from `first` on, one in every `step`; nil if one of them is none.
local function ids_of(first, step)
  local ids = {}
  for index = first, #ARGV, step do
    if #ARGV[index] ~= 16 then return nil end
    ids[#ids + 1] = ARGV[index]
  end
  return ids
end
