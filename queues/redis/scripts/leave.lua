-- Has a worker be woken no more, which asks for no more jobs: what it was woken for, others are woken for. One that holds
-- nothing is forgotten.
-- KEYS     1 the prefix of all keys
-- ARGV     1 time in microseconds, or '' for the server's; 2 the worker
-- Returns  1 if it is forgotten, 0 if it holds leases
-- Cost     O(t l + log W) for t tiers, l lanes of each, W workers
transition('leave', 'allow-oom', function()
  local worker = ARGV[2]
  if #ARGV ~= 2 or #worker ~= 16 then return refuse('a worker has 16 bytes') end
  local generation, _, time = open(ARGV[1])
  if not time then return refuse('the time is no number') end
  if not generation then return lost() end
  local tiers = call('SMEMBERS', prefix .. 'tiers')
  local holds = call('EXISTS', prefix .. 'held:' .. worker) == 1
  if holds then
    stop_waking(worker, tiers)
    -- What it is to end it is still told.
    call('LREM', prefix .. 'signals:' .. worker, 0, 'w')
    -- Nor does it have room for anything, whoever ends there: preemption would empty it for nobody.
    local capacity = call('HGET', prefix .. 'capacity', worker)
    if capacity then
      call('HSET', prefix .. 'capacity', worker, string.rep('\0', 26) .. '\255' .. sub(capacity, 28))
    end
  else
    forget_worker(worker, tiers)
  end
  wake_others(tiers, ARGV[1])
  save_state()
  return holds and 0 or 1
end)
