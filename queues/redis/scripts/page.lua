-- A page of the jobs held.
-- KEYS     1 the prefix of all keys
-- ARGV     1 cursor, '0' to begin; 2 about how many
-- Returns  the next cursor, '0' at the end; then job ids
-- Cost     O(n) for n on the page
transition('page', 'no-writes', function()
  local limit = whole(ARGV[2])
  if #ARGV ~= 2 or not whole(ARGV[1]) or not limit or limit < 1 then return refuse('a cursor and a limit') end
  local scanned = call('HSCAN', jobs_key, ARGV[1], 'COUNT', limit)
  local reply = { scanned[1] }
  for index = 1, #scanned[2], 2 do reply[#reply + 1] = scanned[2][index] end
  return reply
end)
