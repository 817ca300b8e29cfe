-- Counts what the queue holds.
-- KEYS     1 the prefix of all keys
-- ARGV     1 how many workers at most, those whose deadline is nearest first
-- Returns  outcomes not acknowledged, as entries of their log; entries moved aside because they could not be read; jobs
--          that are delayed; then a list of lane (its descriptor), ready, leased, …; then one of worker, deadline,
--          leases, …
-- Cost     O(l + w) for l lanes, w workers
transition('census', 'no-writes', function()
  local limit = whole(ARGV[1])
  if #ARGV ~= 1 or not limit or limit < 1 then return refuse('a census takes a limit') end
  if not call('HGET', state_key, 'generation') then return lost() end
  local counts, delayed, known = {}, 0, call('HGETALL', state_key)
  for index = 1, #known, 2 do
    local number, packed = known[index], known[index + 1]
    if #number == 2 then
      local ready, leased, later = unpack_bytes('>I4I4I4', packed)
      delayed = delayed + later
      if ready + leased > 0 then
        counts[#counts + 1], counts[#counts + 2], counts[#counts + 3] = descriptor_of(packed), ready, leased
      end
    end
  end
  local deadlines, workers = call('ZRANGE', prefix .. 'workers', 0, limit - 1, 'WITHSCORES'), {}
  for index = 1, #deadlines, 2 do
    workers[#workers + 1] = deadlines[index]
    workers[#workers + 1] = tonumber(deadlines[index + 1])
    workers[#workers + 1] = call('HLEN', prefix .. 'held:' .. deadlines[index])
  end
  return { call('XLEN', prefix .. 'outcomes'), call('XLEN', prefix .. 'unreadable'), delayed, counts, workers }
end)
