-- Moves entries of a log aside that its reader cannot read; one that is gone already is passed over.
-- KEYS     1 the prefix of all keys
-- ARGV     1 log, 'outcomes' or 'events'; then per entry: its position, why it cannot be read
-- Returns  how many were moved
-- Cost     O(n) and their bytes
transition('aside', 'allow-oom', function()
  if #ARGV < 3 or #ARGV % 2 ~= 1 or (ARGV[1] ~= 'outcomes' and ARGV[1] ~= 'events') then
    return refuse('a log, and per entry a position and a reason')
  end
  local stream, found = prefix .. ARGV[1], {}
  for index = 2, #ARGV, 2 do
    local entries = redis.pcall('XRANGE', stream, ARGV[index], ARGV[index])
    if entries.err or not string.find(ARGV[index], '^%d+%-%d+$') then return refuse('a position is malformed') end
    found[index] = entries[1]
  end
  local moved = 0
  for index = 2, #ARGV, 2 do
    if found[index] and call('XDEL', stream, ARGV[index]) == 1 then
      set_aside(ARGV[1], ARGV[index], ARGV[index + 1], found[index][2])
      moved = moved + 1
    end
  end
  return moved
end)
