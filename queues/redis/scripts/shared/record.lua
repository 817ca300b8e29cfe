-- Shared: a job's record, all numbers big-endian.
--   1     state: 0 ready, 1 leased, 2 leased and to be cancelled
--   2     priority
--   3–4   the most attempts
--   5–6   attempts made
--   7     length of the tier's name
--   8–39  only where leased: token (8), worker (16), start of the attempt in microseconds (8)
--   then the tier's name and the payload
local byte, sub = string.byte, string.sub

-- Whether a record has this layout. Anything may stand in its place: a value that was cut, or a newer version's.
local function is_readable(record)
  local state, priority, _, _, _, _, length = byte(record, 1, 7)
  return length and state <= 2 and priority <= 100 and length > 0 and #record >= (state > 0 and 39 or 7) + length
end

local function is_leased(record) return byte(record) > 0 end

local function tier_of(record)
  local first = is_leased(record) and 40 or 8
  return sub(record, first, first + byte(record, 7) - 1)
end

-- Whether `record` is that of a lease with this token (8 bytes); false for a job that is not held.
local function is_owned(record, token)
  return record and is_readable(record) and is_leased(record) and sub(record, 8, 15) == token
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
