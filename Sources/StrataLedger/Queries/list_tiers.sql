-- The tiers that are known, with the size that was declared (all null for none) and the rates in force.
-- Returns: name, cpu_millicores, memory_bytes, gpu_thousandths, cpu_hour, memory_gibibyte_hour, wall_hour.
SELECT tier.name, tier.cpu_millicores, tier.memory_bytes, tier.gpu_thousandths, rate.cpu_hour,
  rate.memory_gibibyte_hour, rate.wall_hour
FROM tier
JOIN (SELECT DISTINCT ON (tier) * FROM tier_rate WHERE valid_from <= now() ORDER BY tier, version DESC) AS rate
  ON rate.tier = tier.name
ORDER BY tier.name
