-- Finishes leased jobs that succeeded.
-- KEYS     1 the prefix of all keys
-- ARGV     as `ending_transition` says
-- Returns  as `ending_transition` says
-- Cost     O(n) for n leases
ending_transition('complete', function(id, record, ended_at, report)
  finish(id, record, SUCCEEDED, ended_at, report)
end)
