-- The jobs that submissions may repeat: of the same identifier, or of the same tenant and idempotency key.
-- $1 uuid[]: jobs, $2 uuid[]: tenants, $3 text[]: their keys.
-- Returns: id, tenant, idempotency_key, fingerprint, state, hold_amount, created_at.
SELECT id, tenant, idempotency_key, fingerprint, state, hold_amount, created_at FROM job
WHERE id = ANY ($1::uuid[])
UNION
SELECT job.id, job.tenant, job.idempotency_key, job.fingerprint, job.state, job.hold_amount, job.created_at
FROM unnest($2::uuid[], $3::text[]) AS wanted (tenant, key)
JOIN job ON job.tenant = wanted.tenant AND job.idempotency_key = wanted.key
