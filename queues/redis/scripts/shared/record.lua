-- Shared: what is kept of a job, all numbers big-endian. Its record, in `jobs` until it is finished:
--   1–2   lane (see lanes.lua)
--   3–18  tenant
--   19    flags: 1 waits for its time, 2 has a time by which it has to have started, 4 may be preempted
--   20–21 the most attempts
--   22–23 attempts made
--   24    attempts of these that ended with the loss of their worker
--   25    priority
--   26–   the payload
-- And while an attempt runs its lease, in `held:<worker>`:
--   1–8   token
--   9–16  start of the attempt, microseconds
--   17–24 what its tenant was charged for it
--   25    flags: 1 to be cancelled, 2 has told how far it is, 4 the time by which the job has to have started is over,
--         8 to be preempted; and 16 times the class of the job that is to have its room
--   26–49 the first 24 bytes of its record
-- Jobs that are granted together have one token, so that leases are alike as far as their jobs are.
local TO_BE_CANCELLED, HAS_REPORTED, IS_LATE, TO_BE_PREEMPTED, CLASS_STEP = 1, 2, 4, 8, 16

-- Whether a record has this layout. Anything may stand in its place: a value that was cut, or a newer version's.
local function is_readable(record)
  local flags, priority = byte(record, 19), byte(record, 25)
  return priority and flags <= 7 and priority <= 100
end

local function lane_of(record) return sub(record, 1, 2) end

local function tenant_of(record) return sub(record, 3, 18) end

local function is_delayed(record) return byte(record, 19) % 2 == 1 end

local function has_start_by(record) return byte(record, 19) % 4 >= 2 end

local function is_lease(lease)
  if #lease ~= 49 then return false end
  local flags = byte(lease, 25)
  return flags <= 7 or flags % 16 >= 8 and flags < 10 * CLASS_STEP
end

local function has_flag(lease, flag) return floor(byte(lease, 25) / flag) % 2 == 1 end

local function with_flag(lease, flag)
  return has_flag(lease, flag) and lease or sub(lease, 1, 24) .. string.char(byte(lease, 25) + flag) .. sub(lease, 26)
end

-- As `has_start_by`, of a lease.
local function had_start_by(lease) return byte(lease, 44) % 4 >= 2 end

local function is_preemptible(lease) return byte(lease, 44) >= 4 end

-- The class of the job for which it is to be preempted.
local function preemptor_of(lease) return floor(byte(lease, 25) / CLASS_STEP) end

-- A lease that was to go on, to be preempted for a job of this class.
local function with_preemptor(lease, class)
  local flags = byte(lease, 25) + TO_BE_PREEMPTED + class * CLASS_STEP
  return sub(lease, 1, 24) .. string.char(flags) .. sub(lease, 26)
end

local function attempts_made(lease)
  local high, low = byte(lease, 47, 48)
  return high * 256 + low
end
