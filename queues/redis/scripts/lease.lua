-- Finishes what the worker has done, and grants it ready jobs, extends its deadline, and notes it as idle where it got
-- fewer than it asked for.
--
-- Tiers are taken in the order given, classes from the greatest; of a class the lanes that prefer the tier, then their guests
-- (see lanes.lua). Of these the tenant with the smallest tag has its turn, over all that the worker has room for and whose
-- gates are open. A turn lasts for one job, or as many as are expected to use no more than a quantum, QUANTUM core-milliseconds
-- for each job that is asked for, and goes on while no other is due: of the many that start at once several may be one
-- tenant's, while a worker that asks for one is given exactly the one that is due. One that was charged elsewhere is found
-- where it was: it may have its turn QUANTUM too early.
-- A worker that has not enough free for whoever is due keeps what it has for it once it has waited for long. Others get of
-- that what they are expected to have given back by then, and what will be left beside it (EASY backfilling: D. A. Lifka,
-- JSSPP 1995; by averages, where no job says how long it takes).
-- One that is dedicated to a tenant gets the tenant's jobs only, in the same order; where it lends what they leave, others'
-- after them.
-- KEYS     1 the prefix of all keys
-- ARGV     1 time in microseconds, or '' for the server's; 2 entries that the event log keeps; 3 seconds for which a
--          live log is kept; 4 worker; 5 what it asks for: microseconds until the deadline, how many at most, 0–1000, its
--          room: cpu millicores, memory bytes, gpu thousandths, and what that is once everything that it runs is over (8
--          bytes each); 6 the tenant that it is dedicated to, '' for none; 7 '1' if it lends, else '0'; 8 how many tiers, at
--          least 1; then these, in order; then of the worker's leases that succeeded: the job ids, the tokens, the reports
-- Returns  the deadline in microseconds; per lease that succeeded, '1' (accepted) or '0' (stale); the token of all leases;
--          then per run of jobs of one lane a list: the lane's descriptor, the ids one after the other, a list of the records
-- Cost     O((n m + l) log N) for n granted of N ready, tenants that wait in m lanes of a pool, l lanes of the tiers; at most
--          TURNS_MAX turns

-- Of the call: what is wanted, what the worker has free, and what it got.
local worker, wanted, cpu, memory, gpu, whole_room, time, tick, start
-- What a turn may use, in core-milliseconds.
local quantum
-- The class for whose jobs the worker keeps what it has free, if it does; when it was expected to have enough when that
-- began; and what will be left beside the job then: cpu, memory, gpu. The tenant that it is dedicated to, if it is;
-- whether it lends; and the tenant whose jobs are being granted, where they are one's only.
local kept_class, kept_due, beside_kept, dedicated, lends, only
local granted, turns_given, strays, grants
-- The turn that was given last: its lane and tenant, and how many jobs it got.
local last_lane, last_tenant, last_count
-- How many jobs a turn brought in the call before, at least 1: a guess of how many turns this one needs.
local jobs_of_turn = 1
-- How many jobs a round has taken and not granted yet.
local taken_count

-- How many jobs of a lane the worker and the gates before the lane have room for, at most `most`.
local function room_for(lane, most)
  if lane.cpu * most > cpu then most = floor(cpu / lane.cpu) end
  if lane.memory * most > memory then most = floor(memory / lane.memory) end
  if lane.gpu * most > gpu then most = floor(gpu / lane.gpu) end
  if lane.flags % 4 >= 2 then
    for _, gate in ipairs(gates_before(lane)) do most = min(most, room_behind(gate)) end
  end
  return most
end

-- Takes room for so many more jobs of a tenant in a lane; gives it back where `count` is negative.
local function occupy(lane, pool, tenant, count)
  cpu, memory, gpu = cpu - count * lane.cpu, memory - count * lane.memory, gpu - count * lane.gpu
  count_tenant(pool, tenant, count)
  lane.leased = lane.leased + count
  if not lane.is_changed then note_lane(lane) end
  if lane.flags % 4 >= 2 then
    for _, gate in ipairs(gates_before(lane)) do count_starts(gate, count) end
  end
end

-- A job of a tenant that was taken as ready in a lane of the pool and cannot be granted.
local function turn_away(pool, lane, tenant)
  strays = strays + 1
  occupy(lane, pool, pool.tenants[tenant], -1)
  -- The gate may have been taken for full because of it.
  local gate = gate_before(pool.tenants[tenant])
  if gate then let_through(gate, ARGV[1]) end
end

-- Grants what the round has taken.
local function grant(pool)
  granted = granted + grant_taken(worker, grants, turn_away, pool)
  taken_count = 0
end

-- The first so many who are found in a lane, and where.
local function places_in(lane, count)
  if not only then return call('ZRANGE', lane.key, '0', text_of(count - 1), 'WITHSCORES') end
  local tag = call('ZSCORE', lane.key, only)
  return tag and { only, tag } or {}
end

-- The tenants with the smallest tags of each lane; the last of them beyond which there may be others unread; and whether they
-- are of several lanes. So many are read as are likely to be needed, and so few of each lane that all of them are a handful
-- for one command.
local function read_turns(in_class)
  local most = math.ceil(2000 / #in_class)
  local turns, count, horizon, sources = {}, 0, nil, 0
  in_class.by_home = in_class[2] and {}
  for index = 1, #in_class do
    local lane = in_class[index]
    begin_round(lane)
    lane.round = in_class
    if in_class.by_home then in_class.by_home[lane.home.number] = lane end
    if room_for(lane, 1) > 0 then
      lane.least = max(1, math.ceil(quantum / expected_charge(lane, 100)))
      local read = min(math.ceil((wanted - granted) / min(lane.least, jobs_of_turn)) + 1, most)
      local part = places_in(lane, read)
      if part[1] then sources = sources + 1 elseif not only then set_open(lane.home, false) end
      for place = 1, #part, 2 do
        count = count + 1
        turns[count] = { lane = lane, id = part[place], tag = tonumber(part[place + 1]) }
      end
      local last_turn = turns[count]
      if #part == 2 * read and not only and (not horizon or before(last_turn, horizon)) then
        horizon = { lane = lane, id = last_turn.id, tag = last_turn.tag }
      end
    end
  end
  if sources > 1 then table.sort(turns, before) end
  return turns, horizon, sources > 1
end

-- From which lane a tenant that is due in one gets its next job: of those of the round in which jobs of it wait, and for
-- which there is room, that of the job that goes first among its own.
local function lane_of_next(lane, tenant)
  local packed, best = tenant.waits_in, nil
  for at = 1, #packed - 1, 2 do
    local other = lane.round.by_home[sub(packed, at, at + 1)]
    if other and not other.left[tenant.id] and room_for(other, 1) > 0 and is_found(other, tenant) then
      local head = head_in(other, tenant.id)
      if head and (not best or head.score < best.score or head.score == best.score and id_before(head, best)) then
        best = head
      end
    end
  end
  return best and best.lane or lane
end

-- Takes a tenant's next jobs from a lane, at most so many, for as long as its turn lasts.
local function take(pool, turn, lane, tenant, most, next_turn, horizon)
  local id, home, tag = turn.id, lane.home, tenant.tag
  local charge = lane.expected[tenant.weight] or expected_charge(lane, tenant.weight)
  local before_this = last_lane == lane and last_tenant == id and last_count or 0
  local length = length_of(turn, lane, tenant, charge, most, next_turn, horizon, before_this)
  local ids, count = pop(pool, lane, tenant, length)
  if count == 0 then return end
  taken_count = note_taken(lane, id, charge, ids, count)
  -- What a tenant uses of its own workers puts nobody back who comes to those that are for all.
  local begun = tag + (count - 1) * charge
  if begun > pool.v and not only then pool.v, pool.v_changed = begun, true end
  tag = begun + charge
  turn.tag, tenant.tag = tag, tag
  occupy(lane, pool, tenant, count)
  home.ready = home.ready > count and home.ready - count or 0
  if not home.is_changed then note_lane(home) end
  if home.flags >= 4 then stop_keeping(home, worker) end
  last_lane, last_tenant, last_count = lane, id, before_this + count
end

-- One round of turns over the lanes of a class. Returns whether there may be more to take.
local function round(in_class)
  local turns, horizon, is_mixed = read_turns(in_class)
  if not turns[1] then return false end
  local pool, next, known = load_tenants(in_class[1].pool, nil, turns), 1, strays
  local tenants = pool.tenants
  while next <= #turns and granted + taken_count < wanted do
    local turn = turns[next]
    local lane, tenant = turn.lane, tenants[turn.id]
    -- Of one lane all are within.
    if is_mixed and horizon and horizon.tag <= turn.tag and before(horizon, turn) then break end
    next, turns_given = next + 1, turns_given + 1
    local gate = tenant.limited == 1 and gate_before(tenant) or nil
    local most = room_for(lane, wanted - granted - taken_count)
    if lane.left[turn.id] or most == 0 then
      -- Not now.
    elseif tenant.tag > turn.tag + QUANTUM then
      last_lane, turn.tag = nil, tenant.tag
      move(turns, next, turn, lane, horizon)
    elseif gate and room_behind(gate) == 0 then
      last_lane = nil
      park(lane, turn.id, gate)
    else
      local from = in_class[2] and #tenant.waits_in > 2 and lane_of_next(lane, tenant) or lane
      if from ~= lane then most = room_for(from, wanted - granted - taken_count) end
      take(pool, turn, from, tenant, gate and min(most, room_behind(gate)) or most, turns[next], horizon)
      move(turns, next, turn, lane, horizon)
    end
  end
  end_round(in_class)
  grant(pool)
  return horizon ~= nil or strays > known
end

-- The lanes of a class that the worker has no room for now, but could have.
local function too_large_now(in_class)
  local large, whole_cpu, whole_memory, whole_gpu = nil, unpack(whole_room)
  for _, lane in ipairs(in_class) do
    if (lane.cpu > cpu or lane.memory > memory or lane.gpu > gpu) and lane.cpu <= whole_cpu
      and lane.memory <= whole_memory and lane.gpu <= whole_gpu and lane.ready > 0 then
      large = large or {}
      large[#large + 1] = lane
    end
  end
  return large
end

-- The smallest tag of those who are found first in lanes that the worker could serve now.
local function first_tag_of(in_class)
  local ids = {}
  for _, lane in ipairs(in_class) do
    ids[#ids + 1] = room_for(lane, 1) > 0 and call('ZRANGE', lane.key, 0, 0)[1] or nil
  end
  local first_tag, pool = nil, load_tenants(in_class[1].pool, ids)
  for _, id in ipairs(ids) do first_tag = min(first_tag or pool.tenants[id].tag, pool.tenants[id].tag) end
  return first_tag
end

-- Whether it is looked at all whether room is kept for a job of the class.
local function may_keep(in_class)
  for index = 1, keep_after > 0 and 0 or #in_class do
    if in_class[index].flags >= 4 then return true end
  end
  return keep_after > 0
end

-- Whether the worker is to keep what it has free for a job of the class, if need be.
local function keeps_room(in_class)
  local large = not dedicated and may_keep(in_class) and too_large_now(in_class)
  if not large then return false end
  local due, beside
  for _, lane in ipairs(large) do
    if not due and lane.flags >= 4 then due, beside = reserved_room(lane, worker, time, { cpu, memory, gpu }) end
  end
  -- A worker that is full has nothing to keep.
  if not due and keep_after > 0 and cpu > 0 and memory > 0 then
    due, beside = keep_room(large, first_tag_of(in_class), worker, time, { cpu, memory, gpu })
  end
  if due then kept_class, kept_due, beside_kept = in_class[1].class, due, beside end
  return due ~= nil
end

-- Grants jobs of lanes of a class, at most `most`, and notes in `served:<tier>` when that was.
local function grant_of(in_class, most)
  if not in_class[1] then return end
  local all, known = wanted, granted
  wanted, last_lane = min(wanted, granted + most), nil
  while granted < wanted and turns_given < TURNS_MAX do
    if not round(in_class) then break end
  end
  wanted = all
  if class_patience > 0 and granted > known then
    call('HSET', prefix .. 'served:' .. in_class[1].tier, in_class[1].class, string.format('%d', time))
  end
end

-- Grants a job of each lane for whose jobs the worker has kept room, where it has enough now.
local function grant_to_kept(in_class)
  for index = 1, #in_class do
    local lane = in_class[index]
    if lane.flags >= 4 and lane.cpu <= cpu and lane.memory <= memory and lane.gpu <= gpu
      and is_kept_by(lane, worker) then
      grant_of({ lane }, 1)
    end
  end
end

-- Whether somebody is found in one of the lanes.
local function has_somebody(in_class)
  for _, lane in ipairs(in_class) do
    if call('EXISTS', lane.key) == 1 then return true end
  end
end

-- Has classes that others go before go first, for one job, where they have not been served for long.
local function grant_to_starved(tier, classes, in_order)
  local key, starved, others = prefix .. 'served:' .. tier, {}, 0
  local times = call('HMGET', key, unpack(in_order))
  for place, class in ipairs(in_order) do
    if has_somebody(classes[class].own) then
      others = others + 1
      if not times[place] then
        call('HSET', key, class, string.format('%d', time))
      elseif others > 1 and time - tonumber(times[place]) >= class_patience then
        starved[#starved + 1] = class
      end
    end
  end
  for _, class in ipairs(starved) do grant_of(classes[class].own, 1) end
end

-- Whether the worker keeps what it has free for a job that goes before those of the class.
local function is_spared(class) return kept_class and class <= kept_class end
-- Grants jobs that do not keep the one waiting for which room is kept: those that are expected to be over by then, and those
-- that fit what will be left beside it.
local function backfill(in_class)
  local short, long = {}, {}
  for _, lane in ipairs(in_class) do
    local group = time + expected_duration(lane) <= kept_due and short or long
    group[#group + 1] = lane
  end
  if #short > 0 then grant_of(short, wanted) end
  if #long == 0 or granted >= wanted then return end
  local free = { cpu, memory, gpu }
  cpu, memory, gpu = min(cpu, beside_kept[1]), min(memory, beside_kept[2]), min(gpu, beside_kept[3])
  local offered = { cpu, memory, gpu }
  grant_of(long, wanted)
  local left = { cpu, memory, gpu }
  for index = 1, 3 do
    local taken_now = offered[index] - left[index]
    free[index], beside_kept[index] = free[index] - taken_now, beside_kept[index] - taken_now
  end
  cpu, memory, gpu = unpack(free)
end

-- Grants of a class what is preferred to run in the tier, then what may run there, too.
local function grant_from(tier)
  local classes, in_order = open_classes(tier)
  if #in_order == 0 then return end
  if class_patience > 0 and not kept_class and not only then grant_to_starved(tier, classes, in_order) end
  for place = 1, #in_order do
    local class = in_order[place]
    local own, others = classes[class].own, classes[class].others
    if granted >= wanted then break end
    if not only and not is_spared(class) then grant_to_kept(own) end
    if is_spared(class) or not only and granted < wanted and keeps_room(own) then
      backfill(own)
    else
      grant_of(own, wanted)
      for index = 1, #others do grant_of(others[index], wanted) end
    end
  end
end

-- What a worker that keeps its room was woken for, and passes over, others are woken for.
local function pass_on(tiers)
  for _, tier in ipairs(tiers) do call('ZREM', prefix .. 'idle:' .. tier, worker) end
  for _, tier in ipairs(tiers) do
    for _, lane in ipairs(open_lanes_in_order(tier)) do
      if is_spared(lane.class) and has_somebody({ lane }) then wake(lane, lane.home.ready, ARGV[1]) end
    end
  end
end

-- What the arguments say: what is asked for, the tiers, and how many leases ended; nil where they are none.
local function parsed()
  local tier_count, tiers = whole(ARGV[8]), {}
  if not tier_count or tier_count < 1 or #ARGV < 8 + tier_count or #ARGV[4] ~= 16 or #ARGV[5] ~= 64 then return nil end
  local asked = { unpack_bytes('>I8I8I8I8I8I8I8I8', ARGV[5]) }
  for index = 1, 8 do
    if asked[index] >= 2 ^ 53 then return nil end
  end
  if #ARGV[6] ~= 16 and #ARGV[6] ~= 0 or ARGV[7] ~= '0' and ARGV[7] ~= '1' then return nil end
  for place = 1, tier_count do tiers[place] = ARGV[8 + place] end
  local ends = rows_of(9 + tier_count, 3)
  if not ends or asked[2] > 1000 or not whole(ARGV[2]) or not whole(ARGV[3]) then return nil end
  return asked, tiers, ends
end

-- Grants jobs of the tiers: those of one tenant, or anybody's.
local function grant_from_all(tiers, tenant)
  only, quantum = tenant, QUANTUM * wanted
  for place = 1, #tiers do
    if granted >= wanted then break end
    grant_from(tiers[place])
  end
end

transition('lease', 'allow-oom', function()
  local asked, tiers, ends = parsed()
  if not asked then
    return refuse('a lease names a worker, a duration, a count, a room, whose it is, tiers, and ends of leases')
  end
  time = time_of(ARGV[1])
  if not time then return refuse('the time is no number') end
  local fields = { 'generation', 'tick' }
  for place = 1, #tiers do fields[place + 2] = 'open:' .. tiers[place] end
  local state = read_state(fields)
  if not state[1] then return lost() end
  for place = 1, #tiers do opened[tiers[place]] = state[place + 2] or '' end

  worker, wanted, cpu, memory, gpu = ARGV[4], asked[2], asked[3], asked[4], asked[5]
  whole_room = { asked[6], asked[7], asked[8] }
  start = pack('>I8', time)
  local verdicts = finish_named(worker, 9 + #tiers, ends, time, start)
  local ended_tick = settle(tonumber(state[2] or 0), time, ARGV[2], ARGV[3], ARGV[1])
  tick = max((ended_tick or tonumber(state[2] or 0)) + 1, time)
  grants = begin_granting(tick, start, { time + asked[1], verdicts, tick })
  granted, turns_given, strays, taken_count = 0, 0, 0, 0
  kept_class, dedicated, lends = nil, ARGV[6] ~= '' and ARGV[6] or nil, ARGV[7] == '1'
  if dedicated then grant_from_all(tiers, dedicated) end
  if not dedicated or lends then grant_from_all(tiers, nil) end
  if granted > 0 then jobs_of_turn = max(1, granted / turns_given) end
  if kept_class then pass_on(tiers) end
  local free = wanted > granted and { cpu, memory, gpu }
  note_worker(
    worker, time + asked[1], tiers, wanted - granted, whole_room, free, kept_class, dedicated, lends)
  -- So many turns brought nothing that the rest is for another call.
  if free and turns_given >= TURNS_MAX then signal(worker, 'w') end
  save(granted > 0 and tick or ended_tick)
  announce(tick, grants.started, ARGV[2])
  local reply = grants.reply
  -- All that was granted is in it.
  grants = nil
  return reply
end)
