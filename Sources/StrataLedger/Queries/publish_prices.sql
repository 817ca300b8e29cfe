-- Adds a version for each price that differs from the one in force.
-- $1 text[]: names, $2 bigint[]: per_job, $3 bigint[]: per_cpu_second. Returns: the names changed.
INSERT INTO price (name, version, per_job, per_cpu_second, valid_from)
SELECT new.name, coalesce(old.version, 0) + 1, new.per_job, new.per_cpu_second, clock_timestamp()
FROM unnest($1::text[], $2::bigint[], $3::bigint[]) AS new (name, per_job, per_cpu_second)
LEFT JOIN (SELECT DISTINCT ON (name) * FROM price ORDER BY name, version DESC) AS old ON old.name = new.name
WHERE old.name IS NULL OR (old.per_job, old.per_cpu_second) <> (new.per_job, new.per_cpu_second)
RETURNING name
