-- Shared: the two logs. A call's items are numbered by its tick, which is above every tick before it, and their place
-- in the call: milliseconds of the tick - (microseconds left × 1000 + place). So a call has 1000 places.
local function position(tick, place)
  return string.format('%d-%d', floor(tick / 1000), tick % 1000 * 1000 + place)
end

-- Appends a call's items to a log, at most 64 of them in one entry of the stream. One at a time would cost six times
-- as much.
local function append(log, field, tick, items, ...)
  for first = 1, #items, 64 do
    local packed = table.concat(items, '', first, min(first + 63, #items))
    local words = { prefix .. log, ... }
    words[#words + 1], words[#words + 2], words[#words + 3] = position(tick, first - 1), field, packed
    call('XADD', unpack(words))
  end
end

local function announce(tick, events, entries_max)
  append('events', 'e', tick, events, 'MAXLEN', '~', entries_max)
end
