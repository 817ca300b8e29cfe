-- Shared: the fair order. Start-time fair queueing (Goyal, Vin, Cheng 1996) over tenants within a pool, which is a tier
-- and a priority class. `tags:<class>:<tier>` holds each tenant's tag, what it has been charged divided by its weight,
-- and under 'v' the pool's virtual time. `lane:<number>` holds the tenants that have jobs ready there, by what their
-- tag was when they were put there: the true one is that or, after charges elsewhere, a greater one.

-- What an attempt of so many microseconds weighs, in hundredths of a core-millisecond by a hundredth of weight.
local function charge_of(lane, microseconds, weight)
  local milliseconds = math.floor(math.min(math.max(microseconds, 0), 2 ^ 41) / 1000)
  return math.max(1, math.floor(math.floor(lane.rate * milliseconds / 1000) * 100 / weight))
end

-- Lets tenants that have jobs ready in a lane be found there, unless they are there already; returns those that wait
-- behind their own gate instead.
local function activate(lane, tenants)
  local known, coming, fields, parked = call('ZMSCORE', lane.key, unpack(tenants)), {}, {}, {}
  for index, tenant in ipairs(tenants) do
    if not known[index] then
      coming[#coming + 1] = tenant
      fields[#fields + 1] = 't' .. tenant
    end
  end
  if #coming == 0 then return parked end
  load_gates(fields)
  local tags, places, started = call('HMGET', lane.pool, 'v', unpack(coming)), {}, {}
  local now = tonumber(tags[1] or 0)
  for index, tenant in ipairs(coming) do
    if gates[fields[index]].parked == 1 then
      call('SADD', prefix .. 'parked:' .. tenant, lane.number)
      parked[tenant] = true
    else
      local tag = math.max(tonumber(tags[index + 1] or 0), now)
      places[#places + 1], places[#places + 2] = tag, tenant
      started[#started + 1], started[#started + 2] = tenant, tag
    end
  end
  if #places > 0 then
    call('ZADD', lane.key, unpack(places))
    call('HSET', lane.pool, unpack(started))
    call('ZADD', prefix .. 'open:' .. lane.tier, lane.class, lane.number)
  end
  return parked
end

local arriving, arriving_at = {}, {}

-- Gathers jobs that become ready, for `make_ready`.
local function arrive(lane, tenant, id, record)
  local at = lane.number .. tenant
  local group = arriving_at[at]
  if not group then
    group = { lane = lane, tenant = tenant, places = {} }
    arriving_at[at] = group
    arriving[#arriving + 1] = group
  end
  local places = group.places
  places[#places + 1], places[#places + 2] = -byte(record, 2), id
end

-- Makes what arrived ready, lane by lane, and wakes workers for it.
local function make_ready(given)
  local lanes, groups_of = {}, {}
  for _, group in ipairs(arriving) do
    local groups = groups_of[group.lane.number]
    if not groups then
      groups = {}
      groups_of[group.lane.number] = groups
      lanes[#lanes + 1] = group.lane
    end
    groups[#groups + 1] = group
    call('ZADD', queue_key(group.lane, group.tenant), unpack(group.places))
  end
  for _, lane in ipairs(lanes) do
    local tenants, count, open_count = {}, 0, 0
    for index, group in ipairs(groups_of[lane.number]) do tenants[index] = group.tenant end
    local parked = activate(lane, tenants)
    for _, group in ipairs(groups_of[lane.number]) do
      count = count + #group.places / 2
      if not parked[group.tenant] then open_count = open_count + #group.places / 2 end
    end
    call('HINCRBY', counts_key, 'w' .. lane.number, count)
    wake(lane, open_count, given)
  end
  arriving, arriving_at = {}, {}
end
