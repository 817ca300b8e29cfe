-- Adds a version for each rate that differs from the one in force.
-- $1 text[]: tiers, $2 bigint[]: cpu_hour, $3 bigint[]: memory_gibibyte_hour, $4 bigint[]: wall_hour.
-- Returns: the tiers changed.
INSERT INTO tier_rate (tier, version, cpu_hour, memory_gibibyte_hour, wall_hour, valid_from)
SELECT new.tier, coalesce(old.version, 0) + 1, new.cpu_hour, new.memory_gibibyte_hour, new.wall_hour,
  clock_timestamp()
FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[])
  AS new (tier, cpu_hour, memory_gibibyte_hour, wall_hour)
LEFT JOIN (SELECT DISTINCT ON (tier) * FROM tier_rate ORDER BY tier, version DESC) AS old ON old.tier = new.tier
WHERE old.tier IS NULL OR (old.cpu_hour, old.memory_gibibyte_hour, old.wall_hour)
  <> (new.cpu_hour, new.memory_gibibyte_hour, new.wall_hour)
RETURNING tier
