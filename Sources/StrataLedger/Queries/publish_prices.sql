-- Adds a version for each price that differs from the one in force.
-- $1 text[]: names, $2 bigint[]: per_job, $3 bigint[]: per_cpu_second, $4 bigint[]: per_million_units.
-- Returns: the names changed.
INSERT INTO price (name, version, per_job, per_cpu_second, per_million_units, valid_from)
SELECT new.name, coalesce(old.version, 0) + 1, new.per_job, new.per_cpu_second, new.per_million_units,
  clock_timestamp()
FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[])
  AS new (name, per_job, per_cpu_second, per_million_units)
LEFT JOIN (SELECT DISTINCT ON (name) * FROM price ORDER BY name, version DESC) AS old ON old.name = new.name
WHERE old.name IS NULL OR (old.per_job, old.per_cpu_second, old.per_million_units)
  <> (new.per_job, new.per_cpu_second, new.per_million_units)
RETURNING name
