-- The limits of capabilities and tiers. Returns: kind, name, running_max, is_paused.
SELECT kind, name, running_max, is_paused FROM gate ORDER BY kind, name
