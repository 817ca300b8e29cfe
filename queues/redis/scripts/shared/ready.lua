-- Shared: jobs that become ready.
local arriving, arriving_in = {}, {}
-- Scores are given as text: to write a number is what costs most of an arrival.
local score_texts = {}
for priority = 0, 100 do score_texts[priority] = '-' .. priority end

at_begin(function() arriving, arriving_in = emptied(arriving), emptied(arriving_in) end)

-- Where a job stands among those of its tenant. Where some milliseconds of waiting count as much as one of priority,
-- that is told from when it was accepted, which its id says (RFC 9562, 5.7): it does not change while it waits.
local function score_of(priority, id)
  if ageing == 0 then return score_texts[priority] end
  return string.format('%d', unpack_bytes('>I6', id) - priority * ageing)
end

-- Gathers jobs that become ready, for `make_ready`.
local function arrive(lane, tenant, id, priority)
  local group = arriving_in[lane]
  if not group then
    group = { lane = lane, tenants = {}, places = {} }
    arriving_in[lane] = group
    arriving[#arriving + 1] = group
  end
  local places = group.places[tenant]
  if not places then
    places = {}
    group.places[tenant] = places
    group.tenants[#group.tenants + 1] = tenant
  end
  local count = #places
  places[count + 1], places[count + 2] = score_of(priority, id), id
end

-- Puts jobs of a tenant into their queue. Returns how many are new there.
local function enter(lane, pool, tenant, places)
  local queue, waiting = lane.queue .. tenant.id, waiting_in(lane, tenant)
  local added = call('ZADD', queue, unpack(places))
  -- Where one of them was there already, somebody else wrote it.
  if 2 * added < #places then added = call('ZCARD', queue) - waiting end
  set_waiting(lane, pool, tenant, waiting + added)
  return added, waiting == 0
end

-- Makes what arrived ready, lane by lane, and wakes workers for it. Its counts are saved with lanes and tenants.
local function make_ready(given)
  for _, group in ipairs(arriving) do
    local lane, count, found = group.lane, 0, 0
    local pool, coming, stopped = load_tenants(lane.pool, group.tenants), {}, nil
    for _, id in ipairs(group.tenants) do
      local tenant = pool.tenants[id]
      local added, is_new = enter(lane, pool, tenant, group.places[id])
      if is_new then coming[#coming + 1] = tenant end
      count = count + added
      if tenant.limited == 0 then
        found = found + added
      else
        stopped = stopped or {}
        stopped[#stopped + 1] = { tenant, added }
      end
    end
    if #coming > 0 then place(lane, pool, coming) end
    for _, pair in ipairs(stopped or {}) do
      if is_found(lane, pair[1]) then found = found + pair[2] end
    end
    count_ready(lane, count)
    wake(lane, found, given)
  end
end

return score_of, arrive, make_ready
