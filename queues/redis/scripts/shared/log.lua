-- Shared: the two logs. A call's entries are numbered by its tick, which is above every tick before it, and their
-- place in the call: milliseconds of the tick - (microseconds left × 1000 + place). So a call has 1000 places.
local function position(tick, place)
  return string.format('%d-%d', math.floor(tick / 1000), tick % 1000 * 1000 + place)
end

-- Announces a call's events, at most 64 of them in one entry of the stream.
local function announce(tick, events, entries_max)
  for first = 1, #events, 64 do
    local packed = table.concat(events, '', first, math.min(first + 63, #events))
    call('XADD', prefix .. 'events', 'MAXLEN', '~', entries_max, position(tick, first - 1), 'e', packed)
  end
end
