-- The rates in force, of every tier. Returns: tier, cpu_hour, memory_gibibyte_hour, wall_hour, version.
SELECT DISTINCT ON (tier) tier, cpu_hour, memory_gibibyte_hour, wall_hour, version FROM tier_rate
WHERE valid_from <= now() ORDER BY tier, version DESC
