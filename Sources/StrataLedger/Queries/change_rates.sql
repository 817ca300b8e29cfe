-- Adds a version to the rates of $1 text tier, where it differs from the one in force: $2 bigint cpu_hour, $3 bigint
-- memory_gibibyte_hour, $4 bigint wall_hour; null leaves one as it is.
INSERT INTO tier_rate (tier, version, cpu_hour, memory_gibibyte_hour, wall_hour, valid_from)
SELECT old.tier, old.version + 1, coalesce($2::bigint, old.cpu_hour),
  coalesce($3::bigint, old.memory_gibibyte_hour), coalesce($4::bigint, old.wall_hour), clock_timestamp()
FROM (SELECT * FROM tier_rate WHERE tier = $1::text ORDER BY version DESC LIMIT 1) AS old
WHERE (coalesce($2::bigint, old.cpu_hour), coalesce($3::bigint, old.memory_gibibyte_hour),
  coalesce($4::bigint, old.wall_hour)) <> (old.cpu_hour, old.memory_gibibyte_hour, old.wall_hour)
