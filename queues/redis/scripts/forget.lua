#!lua flags=allow-oom
-- Forgets jobs in whatever state, with no outcome.
-- KEYS     1 the prefix of all keys
-- ARGV     1… job ids
-- Returns  how many were held
-- Cost     O(n log N) for n jobs given, N ready
local ids = ids_of(1, 1)
if not ids or #ids == 0 then return refuse('a job id has 16 bytes') end

-- Where a job waits whose record cannot be read, nobody can tell; who may hold it finds out by itself.
local function forget_unreadable(id)
  for _, tier in ipairs(call('HKEYS', prefix .. 'leased')) do call('ZREM', prefix .. 'ready:' .. tier, id) end
end

local records, count = call('HMGET', jobs_key, unpack(ids)), 0
for index, id in ipairs(ids) do
  local record = records[index]
  if record and call('HDEL', jobs_key, id) == 1 then
    local tier = is_readable(record) and tier_of(record)
    count = count + 1
    if not tier then
      forget_unreadable(id)
    elseif is_leased(record) then
      call('SREM', prefix .. 'held:' .. sub(record, 16, 31), id)
      call('HINCRBY', prefix .. 'leased', tier, -1)
    else
      call('ZREM', prefix .. 'ready:' .. tier, id)
    end
    call('HDEL', prefix .. 'progress', id)
    call('DEL', prefix .. 'log:' .. id)
  end
end
return count
