-- A page of the tenants that have jobs ready or running in a pool.
-- KEYS     1 the prefix of all keys
-- ARGV     1 the pool's priority class, 0–9; 2 its tier; 3 cursor, '0' to begin; 4 about how many, 1–1000
-- Returns  the next cursor, '0' at the end; the pool's virtual time; then per tenant: its id, how many of its jobs are
--          ready there, how many run, its weight, its tag
-- Cost     O(n l) for n tenants ever seen on the page, l lanes in which each waits
transition('pool', 'no-writes', function()
  local class, limit = whole(ARGV[1]), whole(ARGV[4])
  if #ARGV ~= 4 or not class or class > 9 or not whole(ARGV[3]) or not limit or limit < 1 or limit > 1000 then
    return refuse('a pool has a class and a tier, a page a cursor and a limit')
  end
  if not call('HGET', state_key, 'generation') then return lost() end
  local key = prefix .. 'tenants:' .. class .. ':' .. ARGV[2]
  local scanned = call('HSCAN', key, ARGV[3], 'COUNT', limit)
  local reply, flat = { scanned[1], tonumber(call('HGET', key, 'v') or 0) }, scanned[2]
  for index = 1, #flat, 2 do
    local id = flat[index]
    if #id == 16 then append_standing(reply, id, flat[index + 1]) end
  end
  return reply
end)
