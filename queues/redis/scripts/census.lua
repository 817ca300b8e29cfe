#!lua flags=no-writes
-- Counts what the queue holds.
-- KEYS     1 the prefix of all keys
-- ARGV     1 how many workers at most, those whose deadline is nearest first
-- Returns  outcomes not acknowledged; entries moved aside because they could not be read; then a list of tier, ready, leased, …; then one of worker, deadline, leases, …
-- Cost     O(t + w) for t tiers, w workers
local limit = whole(ARGV[1])
if #ARGV ~= 1 or not limit or limit < 1 then return refuse('a census takes a limit') end
if not call('HGET', state_key, 'generation') then return lost() end

local leased, tiers = call('HGETALL', prefix .. 'leased'), {}
for index = 1, #leased, 2 do
  tiers[#tiers + 1] = leased[index]
  tiers[#tiers + 1] = call('ZCARD', prefix .. 'ready:' .. leased[index])
  tiers[#tiers + 1] = tonumber(leased[index + 1]) or 0
end
local known, workers = call('ZRANGE', prefix .. 'workers', 0, limit - 1, 'WITHSCORES'), {}
for index = 1, #known, 2 do
  workers[#workers + 1] = known[index]
  workers[#workers + 1] = tonumber(known[index + 1])
  workers[#workers + 1] = call('SCARD', prefix .. 'held:' .. known[index])
end
return { call('XLEN', prefix .. 'outcomes'), call('XLEN', prefix .. 'unreadable'), tiers, workers }
