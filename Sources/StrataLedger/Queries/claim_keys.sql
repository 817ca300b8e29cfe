-- Gives keys to jobs, taking them from those that hold them no longer. $1 uuid[]: tenants, $2 text[]: keys,
-- $3 uuid[]: jobs, $4 timestamptz[]: until when, null until the job has ended. Each key at most once.
INSERT INTO unique_claim (tenant, key, job, until)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::timestamptz[])
ON CONFLICT (tenant, key) DO UPDATE SET job = EXCLUDED.job, until = EXCLUDED.until
