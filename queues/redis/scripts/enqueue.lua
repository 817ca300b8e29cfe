#!lua
-- Makes jobs ready and wakes idle workers; leaves a job that is already held as it is, unless its record cannot be read.
-- KEYS     1 the prefix of all keys
-- ARGV     1 time in microseconds, or '' for the server's; 2 '1' if a generation must be installed, else '0';
--          then per job: its id, its record
-- Returns  a string with, per job, '1' (made ready) or '0' (already held)
-- Cost     O(n log N) for n jobs given and N ready
local ids = ids_of(3, 2)
if not ids or #ids == 0 or #ARGV % 2 ~= 0 then return refuse('jobs are pairs of id and record') end
for index = 4, #ARGV, 2 do
  local record = ARGV[index]
  if not is_readable(record) or is_leased(record) then
    return refuse('a record is malformed')
  end
end
if ARGV[1] ~= '' and not whole(ARGV[1]) then return refuse('the time is no number') end
if ARGV[2] == '1' and not call('HGET', state_key, 'generation') then return lost() end

local held, verdicts, bodies, ready = call('HMGET', jobs_key, unpack(ids)), {}, {}, {}
for index, id in ipairs(ids) do
  -- A job whose record cannot be read is as good as not held.
  if held[index] and not bodies[id] and not is_readable(held[index]) then
    set_record_aside(id, held[index])
    held[index] = false
  end
  verdicts[index] = held[index] and '0' or '1'
  if not held[index] and not bodies[id] then
    local record = ARGV[2 * index + 2]
    local tier = tier_of(record)
    bodies[id] = true
    bodies[#bodies + 1] = id
    bodies[#bodies + 1] = record
    ready[tier] = ready[tier] or {}
    table.insert(ready[tier], -byte(record, 2))
    table.insert(ready[tier], id)
  elseif bodies[id] then
    verdicts[index] = '0'
  end
end
if #bodies > 0 then call('HSET', jobs_key, unpack(bodies)) end
for tier, scores in pairs(ready) do make_ready(tier, scores, ARGV[1]) end
return table.concat(verdicts)
