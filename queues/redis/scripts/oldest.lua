-- Which of a tenant's ready jobs was accepted first, pool by pool.
-- KEYS     1 the prefix of all keys
-- ARGV     1 the pool's priority class, 0–9; 2 its tier; 3… tenants, at most 50
-- Returns  per tenant the id of that job, '' where none of its is ready there
-- Cost     O(n l p log N) for n tenants, l lanes in which each waits, p priorities in each, at most 101, N ready jobs

-- Equal priorities lie in the order of their identifiers: the first of each is the oldest of it. Where waiting counts,
-- nearly every job has a place of its own: the first few are looked at, among which the oldest is likely.
local FIRST = 8

-- Identifiers begin with the time of acceptance.
local function older(id, oldest)
  local job = { id = id }
  return #id == 16 and (not oldest or id_before(job, oldest)) and job or oldest
end

local function oldest_of(queue, oldest)
  if ageing > 0 then
    for _, id in ipairs(call('ZRANGE', queue, 0, FIRST - 1)) do oldest = older(id, oldest) end
    return oldest
  end
  local from = '-inf'
  for _ = 0, 100 do
    local first = call('ZRANGEBYSCORE', queue, from, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
    if #first == 0 then break end
    oldest = older(first[1], oldest)
    from = '(' .. first[2]
  end
  return oldest
end

transition('oldest', 'no-writes', function()
  local class, ids = whole(ARGV[1]), ids_of(3, 1)
  if #ARGV < 3 or not class or class > 9 or not ids or #ids > 50 then
    return refuse('a pool has a class and a tier, a tenant 16 bytes, and at most 50 are named')
  end
  if not read_state({ 'generation' })[1] then return lost() end
  local found = call('HMGET', prefix .. 'tenants:' .. class .. ':' .. ARGV[2], unpack(ids))
  for index, packed in ipairs(found) do
    local oldest
    for at = 16, #(packed or '') - 1, 2 do
      oldest = oldest_of(prefix .. 'queue:' .. sub(packed, at, at + 1) .. ids[index], oldest)
    end
    found[index] = oldest and oldest.id or ''
  end
  return found
end)
