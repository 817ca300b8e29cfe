-- Shared: turns of a lease. A turn has a `lane`, the tenant's `id`, and the `tag` at which that is found there. In a round a
-- lane has `least`, how many jobs a quantum has; `moved`, the turns that are to be found elsewhere, `left`, who is not to be
-- found there (by id) and in `gone` the same in order; and `heads`, what was read of queues (see `head_in`). The last three
-- are the one empty table until there is any.
local NOTHING = {}

-- Queues that the round has emptied.
local emptied = {}

at_begin(function()
  if emptied[1] then emptied = {} end
end)

local function begin_round(lane)
  lane.moved, lane.left, lane.gone, lane.heads = {}, NOTHING, NOTHING, NOTHING
end

-- Whose turn comes first: the smaller tag's, then the older lane's, then the smaller tenant's.
local function before(a, b)
  if a.tag ~= b.tag then return a.tag < b.tag end
  if a.lane ~= b.lane then return a.lane.place < b.lane.place end
  return id_before(a, b)
end

-- Puts a turn back among those from `next` on; not beyond the horizon, where it is found again.
local function put_back(turns, next, turn, horizon)
  if horizon and horizon.tag <= turn.tag and before(horizon, turn) then return end
  local place = #turns + 1
  while place > next and before(turn, turns[place - 1]) do place = place - 1 end
  table.insert(turns, place, turn)
end

-- Has a turn found again where it belongs now.
local function move(turns, next, turn, lane, horizon)
  local moved = lane.moved
  if not turn.is_moved then turn.is_moved, moved[#moved + 1] = true, turn end
  if horizon and turn.tag > horizon.tag or lane.left[turn.id] then return end
  put_back(turns, next, turn, horizon)
end

-- The job of a tenant that is next in a lane, read once a round and again when it was taken; false where there is none.
local function head_in(lane, id)
  local head = lane.heads[id]
  if head == nil then
    if lane.heads == NOTHING then lane.heads = {} end
    local first = call('ZRANGE', lane.queue .. id, '0', '0', 'WITHSCORES')
    head = first[1] and { lane = lane, id = first[1], score = tonumber(first[2]) } or false
    lane.heads[id] = head
  end
  return head
end

-- How many jobs of a lane a turn has, at most `most`, where it had `before_this` of them already: not fewer than a quantum has,
-- nor than go before whoever is next. Where the tenant waits in several lanes a turn is no longer than a quantum: the next
-- job may be another's.
local function length_of(turn, lane, tenant, charge, most, next_turn, horizon, before_this)
  local count, tag = lane.least - before_this, tenant.tag
  if count < 1 then count = 1 end
  if count >= most then return most end
  if #tenant.waits_in > 2 then return count end
  -- Tags tell almost always; where they are equal, so do lanes and tenants.
  local bound = next_turn and next_turn.tag
  if horizon and (not bound or horizon.tag < bound) then bound = horizon.tag end
  if not bound then return most end
  while count < most do
    local reached = tag + count * charge
    if reached > bound then break end
    turn.tag = reached
    if reached == bound and (next_turn and not before(turn, next_turn) or horizon and before(horizon, turn)) then break end
    count = count + 1
  end
  return count
end

-- Has a tenant not be found in a lane.
local function leave_out(lane, id)
  if lane.left == NOTHING then lane.left, lane.gone = {}, {} end
  lane.left[id], lane.gone[#lane.gone + 1] = true, id
end

-- Has a tenant wait behind its gate, which is full.
local function park(lane, id, gate)
  call('SADD', prefix .. 'parked:' .. id, lane.home.number)
  gate.parked = 1
  note_gate(gate)
  leave_out(lane, id)
end

-- Takes so many of a tenant's next jobs out of a lane. Returns them, first of all that were read, and how many there were.
local function pop(pool, lane, tenant, count)
  local id = tenant.id
  local queue = lane.queue .. id
  if lane.heads[id] then lane.heads[id] = nil end
  -- One more than it gets tells whether there is any. To pop them would have their scores written as text.
  local first = call('ZRANGE', queue, '0', text_of(count))
  if #first > count then
    call('ZREMRANGEBYRANK', queue, '0', text_of(count - 1))
    return first, count
  end
  leave_out(lane, id)
  set_waits(lane.home, pool, tenant, false)
  if first[1] then emptied[#emptied + 1] = queue end
  return first, #first
end

-- Who is found where, for one command.
local places = {}

-- Has tenants found in a lane where they belong now, and those that are out of it, or have no job left there, not.
local function write_turns(lane)
  local count, left, gone, moved = 0, lane.left, lane.gone, lane.moved
  for index = 1, #moved do
    local turn = moved[index]
    if not left[turn.id] then
      places[count + 1], places[count + 2] = turn.tag, turn.id
      count = count + 2
    end
  end
  if count > 0 then call('ZADD', lane.key, unpack(places, 1, count)) end
  if gone[1] then call('ZREM', lane.key, unpack(gone)) end
end

-- Writes what a round over these lanes has changed of queues and of who is found where.
local function end_round(lanes_of_round)
  for first = 1, #emptied, 4000 do call('DEL', unpack(emptied, first, min(first + 3999, #emptied))) end
  if emptied[1] then emptied = {} end
  for index = 1, #lanes_of_round do write_turns(lanes_of_round[index]) end
end

return begin_round, before, move, head_in, length_of, park, pop, end_round
