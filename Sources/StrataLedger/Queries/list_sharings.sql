-- The tenants whose class, weight or limit was ever changed.
-- Returns: id, priority_class, weight, running_max, is_paused.
SELECT id, priority_class, weight, running_max, is_paused FROM tenant WHERE sharing_changed_at IS NOT NULL
