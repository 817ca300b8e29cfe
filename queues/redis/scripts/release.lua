-- Hands leases back unfinished; the attempts do not count.
-- KEYS     1 the prefix of all keys
-- ARGV     as `ending_transition` says
-- Returns  as `ending_transition` says
-- Cost     O(n log N) for n leases, N ready jobs
ending_transition('release', hand_back)
