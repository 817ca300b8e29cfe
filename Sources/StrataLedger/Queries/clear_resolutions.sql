-- Strikes out those of some ended jobs for which nobody waits any more. $1 uuid[]: jobs.
DELETE FROM resolution
WHERE job = ANY ($1::uuid[]) AND NOT EXISTS (SELECT FROM dependency WHERE dependency.needs = resolution.job)
