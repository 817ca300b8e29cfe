-- Finishes leased jobs that succeeded.
-- KEYS     1 the prefix of all keys
-- ARGV     as `ending_transition` says; of the leases then: reports
-- Returns  as `ending_transition` says
-- Cost     O(n) for n leases
ending_transition('complete', 1, nil, finish_all)
