-- Hands leases back unfinished; the attempts do not count.
-- KEYS     1 the prefix of all keys
-- ARGV     as `ending_transition` says; of the leases then: reports
-- Returns  as `ending_transition` says
-- Cost     O(n log N) for n leases, N ready jobs
ending_transition('release', 1, nil, one_by_one(function(worker, id, lease, time, ended_at, report)
  hand_back(worker, id, lease, time, ended_at, report)
end))
