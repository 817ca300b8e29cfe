-- Finishes leased jobs that succeeded.
-- KEYS     1 the prefix of all keys
-- ARGV     as `ending_transition` says; per lease: report
-- Returns  as `ending_transition` says
-- Cost     O(n) for n leases
ending_transition('complete', 1, nil, function(worker, id, lease, time, ended_at, first)
  finish(worker, id, lease, SUCCEEDED, time, ended_at, ARGV[first])
end)
