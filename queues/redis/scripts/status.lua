#!lua flags=no-writes
-- Where jobs are.
-- KEYS     1 the prefix of all keys
-- ARGV     1… job ids
-- Returns  per job: its record without the payload ('' if it is not held, or cannot be read); then how many ready jobs go before it, or,
--          where it is leased, its note (see progress.lua)
-- Cost     O(n log N) for n jobs given, N ready
local ids = ids_of(1, 1)
if not ids or #ids == 0 then return refuse('a job id has 16 bytes') end
if not call('HGET', state_key, 'generation') then return lost() end

local reply = {}
for index, record in ipairs(call('HMGET', jobs_key, unpack(ids))) do
  local head, extra = '', ''
  if record and not is_readable(record) then record = false end
  if record and is_leased(record) then
    head = sub(record, 1, 39 + byte(record, 7))
    extra = call('HGET', prefix .. 'progress', ids[index]) or ''
  elseif record then
    head = sub(record, 1, 7 + byte(record, 7))
    extra = call('ZRANK', prefix .. 'ready:' .. tier_of(record), ids[index])
  end
  reply[2 * index - 1], reply[2 * index] = head, extra
end
return reply
