-- The attempts already recorded of jobs. $1 uuid[]: jobs. Returns: job, token, cost, whether its worker
-- was lost.
SELECT job, token, cost, ending = 'expired' FROM usage WHERE job = ANY ($1::uuid[])
