-- Puts rates in force for the tiers that have none.
-- $1 text[]: tiers, $2 bigint[]: cpu_hour, $3 bigint[]: memory_gibibyte_hour, $4 bigint[]: wall_hour.
-- Returns: the tiers that had none.
INSERT INTO tier_rate (tier, version, cpu_hour, memory_gibibyte_hour, wall_hour, valid_from)
SELECT new.tier, 1, new.cpu_hour, new.memory_gibibyte_hour, new.wall_hour, clock_timestamp()
FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[])
  AS new (tier, cpu_hour, memory_gibibyte_hour, wall_hour)
WHERE NOT EXISTS (SELECT FROM tier_rate WHERE tier_rate.tier = new.tier)
RETURNING tier
