-- Shared: jobs that become ready.
local arriving, arriving_in = {}, {}
-- Scores are given as text: to write a number is what costs most of an arrival.
local score_texts = {}
for priority = 0, 100 do score_texts[priority] = '-' .. priority end

at_begin(function()
  if arriving[1] then arriving, arriving_in = {}, {} end
end)

-- Where a job stands among those of its tenant. Where some milliseconds of waiting count as much as one of priority,
-- that is told from when it was accepted, which its id says (RFC 9562, 5.7): it does not change while it waits.
local function score_of(priority, id)
  if ageing == 0 then return score_texts[priority] end
  return string.format('%d', unpack_bytes('>I6', id) - priority * ageing)
end

-- Jobs of a lane that come to their queues: how many, and which tenants had none there; and where a worker of the tier
-- may have to be woken, all tenants and how many each was added.
local function arrival_in(lane)
  return { lane = lane, count = 0, coming = {}, is_watched = has_idle(lane), tenants = {}, added = {} }
end

-- Puts jobs of a tenant, score and id each, into its queue.
local function enter(arrival, tenant, places, size)
  local lane = arrival.lane
  local entered = call('ZADD', lane.queue .. tenant, unpack(places, 1, size))
  -- One that was there already is of a call that broke off: nobody may have been told of its tenant.
  if waiting_in(lane, tenant) == entered or 2 * entered < size then arrival.coming[#arrival.coming + 1] = tenant end
  arrival.count = arrival.count + entered
  if arrival.is_watched then
    local count = #arrival.tenants + 1
    arrival.tenants[count], arrival.added[count] = tenant, entered
  end
end

-- Wakes workers for what came, as far as it is found.
local function wake_for(arrival, given)
  local found, pool = 0, load_tenants(arrival.lane.pool, arrival.tenants)
  for index, id in ipairs(arrival.tenants) do
    local tenant = pool.tenants[id]
    if tenant.limited == 0 or is_found(arrival.lane, tenant) then found = found + arrival.added[index] end
  end
  wake_all(arrival.lane, found, given)
end

-- Has the tenants found whose jobs came, and workers woken for these. Its counts are saved with lanes and tenants. Of
-- tenants that had jobs ready there already nothing is read, unless somebody may be woken.
local function announce_ready(arrival, given)
  local lane, coming = arrival.lane, arrival.coming
  if #coming > 0 then
    local pool, tenants = load_tenants(lane.pool, coming), {}
    for index = 1, #coming do
      tenants[index] = pool.tenants[coming[index]]
      set_waits(lane, pool, tenants[index], true)
    end
    place(lane, pool, tenants)
  end
  count_ready(lane, arrival.count)
  if arrival.is_watched and arrival.count > 0 then wake_for(arrival, given) end
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

-- Makes what arrived ready, lane by lane.
local function make_ready(given)
  for _, group in ipairs(arriving) do
    local arrival = arrival_in(group.lane)
    for _, tenant in ipairs(group.tenants) do
      local places = group.places[tenant]
      enter(arrival, tenant, places, #places)
    end
    announce_ready(arrival, given)
  end
  arriving, arriving_in = {}, {}
end

return score_texts, score_of, arrival_in, enter, announce_ready, arrive, make_ready
