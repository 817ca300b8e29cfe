-- Shared: moving aside what cannot be read, so that it stops nobody. How much is kept, UNREADABLE_MAX entries of
-- UNREADABLE_BYTES_MAX bytes, stands before the library: `QueueLimits` says it to whoever loads it.

-- Keeps the raw `fields` (name, value, …) of what was found `at` a place of `log` and could not be read: the first 100
-- fields, and of all values together as many bytes as are kept.
local function set_aside(log, at, reason, fields)
  local entry, room = { 'in', log, 'at', at, 'why', reason }, UNREADABLE_BYTES_MAX
  for index = 1, min(#fields, 200), 2 do
    local value = sub(fields[index + 1] or '', 1, room)
    room = room - #value
    entry[#entry + 1] = 'raw:' .. sub(fields[index], 1, 100)
    entry[#entry + 1] = value
  end
  call('XADD', prefix .. 'unreadable', 'MAXLEN', UNREADABLE_MAX, '*', unpack(entry))
end

-- The record of job `id` goes aside, and the job is not held any more: the ledger knows it, and it is restored from
-- there.
local function set_record_aside(id, record)
  set_aside('jobs', id, 'the record of the job is malformed', { 'record', record })
  call('HDEL', jobs_key, id)
  call('HDEL', prefix .. 'progress', id)
  call('DEL', prefix .. 'log:' .. id)
end
