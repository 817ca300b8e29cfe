-- Has a worker stop leased jobs that may be preempted, so that jobs of higher classes have their room.
-- KEYS     1 the prefix of all keys
-- ARGV     1 worker; then of leases the job ids, then the tokens, then the classes of the jobs that are to have their room, 0–9
-- Returns  a string with, per lease, '0' (stale), '1' (its worker is told, or was before) or '2' (its job may not be
--          preempted, or not for that class)
-- Cost     O(n) for n leases

-- Whether the job may be preempted for one of a class.
local function yields_to(lease, class)
  local lane = lanes[sub(lease, 26, 27)]
  return is_preemptible(lease) and lane and lane.class < class
end

transition('preempt', 'allow-oom', function()
  local worker, count = ARGV[1], rows_of(2, 3)
  if not count or count == 0 or #worker ~= 16 then
    return refuse('a preemption names a worker, and of leases the ids, the tokens and the classes')
  end
  for index = 2 + 2 * count, #ARGV do
    local class = whole(ARGV[index])
    if not class or class > 9 then return refuse('a class is from 0 to 9') end
  end
  if not call('HGET', state_key, 'generation') then return lost() end
  local numbers, changed, told, verdicts = {}, {}, {}, {}
  local leases = owned_leases(worker, 2, count)
  drop_repeated(leases, 2, count)
  for _, lease in ipairs(leases) do numbers[#numbers + 1] = lease and sub(lease, 26, 27) or nil end
  load_lanes(numbers)
  for index, lease in ipairs(leases) do
    local id, class = ARGV[1 + index], whole(ARGV[1 + 2 * count + index])
    verdicts[index] = not lease and '0' or yields_to(lease, class) and '1' or '2'
    -- One that is being ended already gives its room anyway.
    if verdicts[index] == '1' and not has_flag(lease, TO_BE_CANCELLED) and not has_flag(lease, TO_BE_PREEMPTED) then
      changed[#changed + 1], changed[#changed + 2] = id, with_preemptor(lease, class)
      told[#told + 1] = id
    end
  end
  if #changed > 0 then call('HSET', prefix .. 'held:' .. worker, unpack(changed)) end
  for _, id in ipairs(told) do signal(worker, 'p' .. id) end
  return table.concat(verdicts)
end)
