-- Shared: making leases of jobs that were taken out of their queues, turn by turn.

-- Taken and not granted yet: ids, and per turn its lane, tenant, charge and the number of these. A table per turn would
-- cost more than all else that is noted of it.
local taken, taken_count, turns = {}, 0, 0
local turn_lanes, turn_tenants, turn_charges, turn_counts = {}, {}, {}, {}
-- Ids and leases, for one command.
local holdings = {}

-- What a call grants: all leases have one token, so those of jobs that are alike have one text, which is made once. `reply`
-- is what runs of jobs are appended to.
local function begin_granting(tick, start, reply)
  taken, taken_count, turns = {}, 0, 0
  return { token_and_start = pack('>I8', tick) .. start, reply = reply, started = {}, beginnings = {}, told = {} }
end

-- Notes that the first `count` of these ids were taken out of a lane for a turn of the tenant. Returns how many are taken.
local function note_taken(lane, tenant, charge, ids, count)
  if taken_count == 0 then
    taken = ids
  else
    for place = 1, count do taken[taken_count + place] = ids[place] end
  end
  taken_count = taken_count + count
  turns = turns + 1
  turn_lanes[turns], turn_tenants[turns], turn_charges[turns], turn_counts[turns] = lane, tenant, charge, count
  return taken_count
end

-- The lease of a job of a tenant and lane (`where`: its number, then the tenant) whose record begins like `head`, and which
-- comes to run in `lane`, that or a guest of it; false where the job is not ready there.
local function lease_for(grants, where, lane, charge, head)
  local flags = byte(head, 19)
  if #head < 24 or flags > 7 or flags % 2 == 1 or sub(head, 1, 18) ~= where then return false end
  local beginning = grants.beginnings[charge]
  if not beginning then
    beginning = grants.token_and_start .. pack('>I8B', charge, 0)
    grants.beginnings[charge] = beginning
  end
  return beginning .. (lane.rank == 0 and head or lane.number .. sub(head, 3))
end

-- Adds to what is told of starts that jobs taken[first], …, taken[last] have these leases.
local function note_started(grants, worker, lease, first, last)
  local made = attempts_made(lease)
  local told = grants.told[made]
  if not told then
    told = 'S' .. pack('>H', made + 1) .. worker
    grants.told[made] = told
  end
  add_run(grants.started, told, taken, first, last)
end

-- Appends to the reply what was granted of a lane: all records where it was the only one.
local function append_granted(reply, lane, first, last, records, is_all)
  if last < first then return end
  local some = is_all and records or { unpack(records, first, last) }
  reply[#reply + 1] = { lane.descriptor, table.concat(taken, '', first, last), some }
end

-- Puts together what can be granted, from the first place on, and says to `turn_away` what cannot: lane, tenant, id, record.
-- Returns how many can.
local function pick(worker, grants, records, turn_away)
  local count, held, next, run_lane, run_first = 0, 0, 1, turn_lanes[1], 1
  for turn = 1, turns do
    local lane, tenant, charge = turn_lanes[turn], turn_tenants[turn], turn_charges[turn]
    local where, alike_first, last_head, lease, alike = lane.home.number .. tenant, count + 1, nil, nil, nil
    if lane ~= run_lane then
      append_granted(grants.reply, run_lane, run_first, count, records)
      run_lane, run_first = lane, count + 1
    end
    for index = next, next + turn_counts[turn] - 1 do
      local id, record = taken[index], records[index]
      -- Of the priority, which is no part of the lease, it is seen here whether it is one.
      local head = record and (byte(record, 25) or 101) <= 100 and sub(record, 1, 24) or ''
      if head ~= last_head then last_head, lease = head, lease_for(grants, where, lane, charge, head) end
      if lease then
        if lease ~= alike then
          if alike then note_started(grants, worker, alike, alike_first, count) end
          alike, alike_first = lease, count + 1
        end
        count, held = count + 1, held + 2
        holdings[held - 1], holdings[held] = id, lease
        if count < index then taken[count], records[count] = id, record end
      else
        turn_away(lane, tenant, id, record)
      end
    end
    if alike then note_started(grants, worker, alike, alike_first, count) end
    next = next + turn_counts[turn]
  end
  for index = #records, count + 1, -1 do records[index] = nil end
  append_granted(grants.reply, run_lane, run_first, count, records, run_first == 1)
  return count
end

-- Grants what was taken. Returns how many jobs.
local function grant_taken(worker, grants, turn_away)
  if taken_count == 0 then return 0 end
  local count = pick(worker, grants, call('HMGET', jobs_key, unpack(taken, 1, taken_count)), turn_away)
  if count > 0 then call('HSET', prefix .. 'held:' .. worker, unpack(holdings, 1, 2 * count)) end
  taken, taken_count, turns = {}, 0, 0
  return count
end

return begin_granting, note_taken, grant_taken
