-- Shared: jobs that become ready.
local arriving, arriving_at

at_begin(function() arriving, arriving_at = {}, {} end)

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

-- Makes what arrived ready, lane by lane, and wakes workers for it. Its counts are saved with the lanes.
local function make_ready(given)
  local in_order, groups_of = {}, {}
  for _, group in ipairs(arriving) do
    local groups = groups_of[group.lane]
    if not groups then
      groups = {}
      groups_of[group.lane] = groups
      in_order[#in_order + 1] = group.lane
    end
    groups[#groups + 1] = group
    call('ZADD', queue_key(group.lane, group.tenant), unpack(group.places))
  end
  for _, lane in ipairs(in_order) do
    local tenants, count, found = {}, 0, 0
    for index, group in ipairs(groups_of[lane]) do tenants[index] = group.tenant end
    local parked = activate(lane, tenants)
    for _, group in ipairs(groups_of[lane]) do
      count = count + #group.places / 2
      if not parked[group.tenant] then found = found + #group.places / 2 end
    end
    count_ready(lane, count)
    wake(lane, found, given)
  end
end
