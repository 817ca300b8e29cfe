-- The limits of capabilities and tiers. Returns: kind, name, running_max, is_paused, rate_count, rate_seconds, rate_burst.
SELECT kind, name, running_max, is_paused, rate_count, rate_seconds, rate_burst FROM gate ORDER BY kind, name
