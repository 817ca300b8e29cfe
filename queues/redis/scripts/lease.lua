#!lua flags=allow-oom
-- Grants ready jobs to a worker, extends its deadline, and notes it as idle where it got fewer than it asked for.
-- KEYS     1 the prefix of all keys
-- ARGV     1 time in microseconds, or '' for the server's; 2 entries that the event log keeps; 3 worker;
--          4 microseconds until the deadline; 5 how many at most, 0–1000; 6… tiers, in order
-- Returns  the deadline in microseconds, then per lease: the job's id, its record
-- Cost     O(n log N + t) for n granted of N ready, t tiers
local worker, duration, wanted = ARGV[3], whole(ARGV[4]), whole(ARGV[5])
if #ARGV < 6 or #worker ~= 16 or not duration or not wanted or wanted > 1000 or not whole(ARGV[2]) then
  return refuse('a lease names a worker, a duration, a count and tiers')
end
local generation, last, time = open(ARGV[1])
if not time then return refuse('the time is no number') end
if not generation then return lost() end

local deadline, tick, granted = time + duration, math.max(last + 1, time), 0
local reply, events = { deadline }, {}
local owner = worker .. struct.pack('>I8', time)

-- Whether a job that was ready in a tier can be granted. A record that cannot be read goes aside; an entry that points
-- to no job, or to one that is not ready there, is a stray, and is gone with being taken out.
local function is_grantable(tier, id, record)
  if record and not is_readable(record) then
    set_record_aside(id, record)
    return false
  end
  return record and not is_leased(record) and tier_of(record) == tier
end

local function grant(tier, ids)
  local records, bodies, taken = call('HMGET', jobs_key, unpack(ids)), {}, {}
  for index, id in ipairs(ids) do
    local record, token = records[index], tick + granted
    if is_grantable(tier, id, record) then
      record = '\1' .. sub(record, 2, 7) .. struct.pack('>I8', token) .. owner .. sub(record, 8)
      bodies[#bodies + 1], bodies[#bodies + 2] = id, record
      granted = granted + 1
      taken[#taken + 1] = id
      reply[2 * granted], reply[2 * granted + 1] = id, record
      events[granted] = id .. 'S' .. struct.pack('>H', attempts_made(record) + 1) .. worker
    end
  end
  if #taken == 0 then return end
  call('HSET', jobs_key, unpack(bodies))
  call('SADD', prefix .. 'held:' .. worker, unpack(taken))
  call('HINCRBY', prefix .. 'leased', tier, #taken)
end

-- Grants ready jobs of a tier, in order, until the worker has what it wants or none is left. What was popped may be
-- no job that can be granted.
local function grant_from(tier)
  while granted < wanted do
    local asked = wanted - granted
    local popped, ids = call('ZPOPMIN', prefix .. 'ready:' .. tier, asked), {}
    for place = 1, #popped, 2 do ids[#ids + 1] = popped[place] end
    if #ids > 0 then grant(tier, ids) end
    if #ids < asked then return end
  end
end

for index = 6, #ARGV do
  if granted >= wanted then break end
  grant_from(ARGV[index])
end
call('ZADD', prefix .. 'workers', deadline, worker)
for index = 6, #ARGV do
  local idle = prefix .. 'idle:' .. ARGV[index]
  if granted >= wanted then
    call('ZREM', idle, worker)
  elseif call('ZADD', idle, wanted - granted, worker) == 1 then
    -- Expiry looks for idle workers in the tiers named here.
    call('HSETNX', prefix .. 'leased', ARGV[index], 0)
  end
end
if granted > 0 then
  call('HSET', state_key, 'tick', string.format('%d', tick + granted - 1))
  announce(tick, events, ARGV[2])
end
return reply
