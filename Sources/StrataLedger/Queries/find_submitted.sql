-- The jobs that submissions may repeat: of the same identifier, or of the same tenant and idempotency key.
-- $1 uuid[]: jobs, $2 uuid[]: tenants, $3 text[]: their keys.
-- Arrays are among them: a key is that of one job, or of one array.
-- Returns: id, tenant, idempotency_key, fingerprint, state, hold_amount, created_at.
SELECT id, tenant, idempotency_key, fingerprint, state, hold_amount, created_at FROM job
WHERE id = ANY ($1::uuid[])
UNION
SELECT job.id, job.tenant, job.idempotency_key, job.fingerprint, job.state, job.hold_amount, job.created_at
FROM unnest($2::uuid[], $3::text[]) AS wanted (tenant, key)
JOIN job ON job.tenant = wanted.tenant AND job.idempotency_key = wanted.key
UNION
SELECT id, tenant, idempotency_key, fingerprint, 'queued', hold_each, created_at FROM job_array
WHERE id = ANY ($1::uuid[])
UNION
SELECT job_array.id, job_array.tenant, job_array.idempotency_key, job_array.fingerprint, 'queued', job_array.hold_each,
  job_array.created_at
FROM unnest($2::uuid[], $3::text[]) AS wanted (tenant, key)
JOIN job_array ON job_array.tenant = wanted.tenant AND job_array.idempotency_key = wanted.key
