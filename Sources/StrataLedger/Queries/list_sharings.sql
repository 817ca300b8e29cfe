-- The tenants whose class, weight or limit was ever changed.
-- Returns: id, priority_class, weight, running_max, is_paused, rate_count, rate_seconds, rate_burst.
SELECT id, priority_class, weight, running_max, is_paused, rate_count, rate_seconds, rate_burst
FROM tenant WHERE sharing_changed_at IS NOT NULL
