-- The prices in force. $1 text[]: names, null for all. Returns: name, version, per_job, per_cpu_second, per_million_units.
SELECT DISTINCT ON (name) name, version, per_job, per_cpu_second, per_million_units FROM price
WHERE ($1::text[] IS NULL OR name = ANY ($1::text[])) AND valid_from <= now()
ORDER BY name, version DESC
