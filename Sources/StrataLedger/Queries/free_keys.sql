-- Frees the keys that jobs held until their end. $1 uuid[]: ended jobs.
DELETE FROM unique_claim USING job
WHERE job.id = ANY ($1::uuid[]) AND unique_claim.tenant = job.tenant AND unique_claim.key = job.unique_key
  AND unique_claim.job = job.id AND unique_claim.until IS NULL
