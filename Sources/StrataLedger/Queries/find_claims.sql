-- Who holds some keys. $1 uuid[]: tenants, $2 text[]: their keys.
-- Returns: tenant, key, until; of the job that holds it: id, state, hold_amount, created_at.
SELECT claim.tenant, claim.key, claim.until, job.id, job.state, job.hold_amount, job.created_at
FROM unnest($1::uuid[], $2::text[]) AS wanted (tenant, key)
JOIN unique_claim AS claim ON claim.tenant = wanted.tenant AND claim.key = wanted.key
JOIN job ON job.id = claim.job
