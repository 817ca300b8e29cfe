-- Shared: the two logs. A call's items are numbered by its tick, which is above every tick before it, and their place
-- in the call: milliseconds of the tick - (microseconds left × 1000 + place). So a tick has 1000 places; a call that needs
-- more takes those of the ticks behind it too.
local function position(tick, place)
  return string.format('%d-%d', floor(tick / 1000), tick % 1000 * 1000 + place)
end

-- What a call tells a log is gathered in runs of neighbours that have a head in common: jobs[first], …, jobs[last] happened
-- it, and reports[first + shift], … is what they report, where they do.
local function add_run(runs, head, jobs, first, last, reports, shift)
  local run = runs[#runs]
  if run and run.head == head and run.jobs == jobs and run.last + 1 == first and run.shift == shift then
    run.last = last
  else
    runs[#runs + 1] = { head = head, jobs = jobs, first = first, last = last, reports = reports, shift = shift }
  end
end

-- The last of the ticks that a call needs which begins with `tick` and tells a log of these runs.
local function last_tick(tick, runs)
  local count = 0
  for index = 1, #runs do count = count + runs[index].last - runs[index].first + 1 end
  return count > 1000 and tick + floor((count - 1) / 1000) or tick
end

-- What is told of a few reports: how long each is (4 bytes each), and they themselves.
local function told_of(reports, first, last)
  local texts = table.concat(reports, '', first, last)
  if texts == '' then return string.rep('\0', 4 * (last - first + 1)) end
  local lengths = {}
  for index = first, last do lengths[index - first + 1] = pack('>I4', #reports[index]) end
  return table.concat(lengths) .. texts
end

-- What an entry of a log says of a run, or the part of one that is in it: its head, how many there are (2 bytes), the jobs,
-- their reports.
local function part_of(run, first, last)
  local told = run.reports and told_of(run.reports, first + run.shift, last + run.shift) or ''
  return run.head .. pack('>H', last - first + 1) .. table.concat(run.jobs, '', first, last) .. told
end

-- Appends runs to a log, at most 64 items in one entry of the stream: one at a time would cost six times as much. Of the log
-- as many entries are kept as is said, about.
local function append(log, field, tick, runs, entries_max)
  local key, parts, size, count, place = prefix .. log, {}, 0, 0, 0
  for index = 1, #runs do
    local run = runs[index]
    local at = run.first
    while at <= run.last do
      local last = at + 63 - count
      if last > run.last then last = run.last end
      size = size + 1
      parts[size] = part_of(run, at, last)
      count, at = count + last - at + 1, last + 1
      if count == 64 or index == #runs and at > run.last then
        local text = size == 1 and parts[1] or table.concat(parts, '', 1, size)
        if entries_max then
          call('XADD', key, 'MAXLEN', '~', entries_max, position(tick, place), field, text)
        else
          call('XADD', key, position(tick, place), field, text)
        end
        size, count, place = 0, 0, place + count
      end
    end
  end
end

local function announce(tick, runs, entries_max) append('events', 'r', tick, runs, entries_max) end

return add_run, last_tick, append, announce
