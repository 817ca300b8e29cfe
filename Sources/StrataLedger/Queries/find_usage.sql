-- The attempts already recorded of jobs. $1 uuid[]: jobs. Returns: job, token, cost.
SELECT job, token, cost FROM usage WHERE job = ANY ($1::uuid[])
