-- Shared: jobs that become ready.
local arriving, arriving_in = {}, {}

at_begin(function() arriving, arriving_in = emptied(arriving), emptied(arriving_in) end)

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
  places[count + 1], places[count + 2] = -priority, id
end

-- Makes what arrived ready, lane by lane, and wakes workers for it. Its counts are saved with the lanes.
local function make_ready(given)
  for _, group in ipairs(arriving) do
    local lane, count, found = group.lane, 0, 0
    for _, tenant in ipairs(group.tenants) do call('ZADD', lane.queue .. tenant, unpack(group.places[tenant])) end
    local parked = activate(lane, group.tenants)
    for _, tenant in ipairs(group.tenants) do
      local arrived = #group.places[tenant] / 2
      count = count + arrived
      if not parked[tenant] then found = found + arrived end
    end
    count_ready(lane, count)
    wake(lane, found, given)
  end
end
