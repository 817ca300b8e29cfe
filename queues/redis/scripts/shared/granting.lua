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
  return { token_and_start = pack('>I8', tick) .. start, reply = reply, started = {}, beginnings = {} }
end

-- Notes that the first `count` of these ids were taken out of a lane for a turn of the tenant. Returns how many are taken.
local function note_taken(lane, tenant, charge, ids, count)
  if taken_count == 0 then
    taken = ids
  elseif count == 1 then
    taken[taken_count + 1] = ids[1]
  else
    for place = 1, count do taken[taken_count + place] = ids[place] end
  end
  taken_count, turns = taken_count + count, turns + 1
  turn_lanes[turns], turn_tenants[turns], turn_charges[turns], turn_counts[turns] = lane, tenant, charge, count
  return taken_count
end

-- How the leases of jobs begin that are charged so.
local function beginning_of(grants, charge)
  local beginning = grants.beginnings[charge]
  if not beginning then
    beginning = grants.token_and_start .. pack('>I8B', charge, 0)
    grants.beginnings[charge] = beginning
  end
  return beginning
end

-- Adds to what is told of starts that jobs taken[first], …, taken[last] begin so many attempts after their first.
local function note_started(grants, worker, made, first, last)
  if made then add_run(grants.started, 'S' .. pack('>H', made + 1) .. worker, taken, first, last) end
end

-- Appends to the reply what was granted of a lane: all records where it was the only one.
local function append_granted(reply, lane, first, last, records, is_all)
  if last < first then return end
  local some = is_all and records or { unpack(records, first, last) }
  reply[#reply + 1] = { lane.descriptor, table.concat(taken, '', first, last), some }
end

-- Puts together what can be granted, from the first place on, and says to `turn_away` what cannot: pool, lane and tenant. A
-- record that cannot be read goes aside; an entry that points to no job, or to one that is not ready there, is a stray, and
-- is gone with being taken out. Returns how many can.
local function pick(worker, grants, records, turn_away, pool)
  local count, next, run_lane, run_first, run_made, made_first = 0, 1, turn_lanes[1], 1, nil, 1
  for turn = 1, turns do
    local lane, tenant, last_head, lease = turn_lanes[turn], turn_tenants[turn], nil, nil
    local number, beginning = lane.home.number, beginning_of(grants, turn_charges[turn])
    if lane ~= run_lane then
      append_granted(grants.reply, run_lane, run_first, count, records)
      run_lane, run_first = lane, count + 1
    end
    for index = next, next + turn_counts[turn] - 1 do
      local id, record = taken[index], records[index]
      -- Of the priority, which is no part of the lease, it is seen here whether it is one.
      local head = record and (byte(record, 25) or 101) <= 100 and sub(record, 1, 24) or ''
      if head ~= last_head then
        local flags, _, _, high, low = byte(head, 19, 23)
        last_head, lease = head, nil
        if flags and flags <= 7 and flags % 2 == 0 and sub(head, 3, 18) == tenant and sub(head, 1, 2) == number then
          local made = high * 256 + low
          lease = beginning .. (lane.rank == 0 and head or lane.number .. sub(head, 3))
          if made ~= run_made then
            note_started(grants, worker, run_made, made_first, count)
            run_made, made_first = made, count + 1
          end
        end
      end
      if lease then
        count = count + 1
        holdings[2 * count - 1], holdings[2 * count] = id, lease
        if count < index then taken[count], records[count] = id, record end
      else
        if record and not is_readable(record) then set_record_aside(id, record) end
        turn_away(pool, lane, tenant)
      end
    end
    next = next + turn_counts[turn]
  end
  note_started(grants, worker, run_made, made_first, count)
  for index = #records, count + 1, -1 do records[index] = nil end
  append_granted(grants.reply, run_lane, run_first, count, records, run_first == 1)
  return count
end

-- Grants what was taken. Returns how many jobs.
local function grant_taken(worker, grants, turn_away, pool)
  if taken_count == 0 then return 0 end
  local count = pick(worker, grants, call('HMGET', jobs_key, unpack(taken, 1, taken_count)), turn_away, pool)
  if count > 0 then call('HSET', prefix .. 'held:' .. worker, unpack(holdings, 1, 2 * count)) end
  taken, taken_count, turns = {}, 0, 0
  return count
end

return begin_granting, note_taken, grant_taken
