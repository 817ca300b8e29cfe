#!lua flags=no-writes
-- Counts what the queue holds.
-- KEYS     1 the prefix of all keys
-- ARGV     1 how many workers at most, those whose deadline is nearest first
-- Returns  outcomes not acknowledged, as entries of their log; entries moved aside because they could not be read; jobs
--          that are delayed; then a list of lane (its descriptor), ready, leased, …; then one of worker, deadline,
--          leases, …
-- Cost     O(l + w) for l lanes, w workers
local limit = whole(ARGV[1])
if #ARGV ~= 1 or not limit or limit < 1 then return refuse('a census takes a limit') end
if not call('HGET', state_key, 'generation') then return lost() end

local counts, known = {}, call('HGETALL', prefix .. 'counts')
for index = 1, #known, 2 do counts[known[index]] = tonumber(known[index + 1]) end
local lanes, all = {}, call('HGETALL', prefix .. 'lanes')
for index = 1, #all, 2 do
  local number, descriptor = all[index], all[index + 1]
  local waiting, running = counts['w' .. number] or 0, counts['r' .. number] or 0
  if #number == 2 and (waiting ~= 0 or running ~= 0) then
    lanes[#lanes + 1], lanes[#lanes + 2], lanes[#lanes + 3] = descriptor, waiting, running
  end
end
local deadlines, workers = call('ZRANGE', prefix .. 'workers', 0, limit - 1, 'WITHSCORES'), {}
for index = 1, #deadlines, 2 do
  workers[#workers + 1] = deadlines[index]
  workers[#workers + 1] = tonumber(deadlines[index + 1])
  workers[#workers + 1] = call('HLEN', prefix .. 'held:' .. deadlines[index])
end
return {
  call('XLEN', prefix .. 'outcomes'), call('XLEN', prefix .. 'unreadable'), call('ZCARD', prefix .. 'delayed'), lanes,
  workers,
}
