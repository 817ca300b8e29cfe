-- Jobs that wait for some, with what their release or their end needs. $1 uuid[]: jobs waited for, $2 bigint: at most.
-- Returns: the job waited for, its state; the one that waits, its tenant, state, blockers, on_dependency, hold_amount,
-- sold_as, cancel_requested, batch, whether it holds a key until its end.
SELECT dependency.needs, needed.state, job.id, job.tenant, job.state, job.blockers, job.on_dependency, job.hold_amount,
  job.sold_as, job.cancel_requested, job.batch, job.unique_key IS NOT NULL AND job.unique_seconds IS NULL
FROM dependency
JOIN job ON job.id = dependency.job
JOIN job AS needed ON needed.id = dependency.needs
WHERE dependency.needs = ANY ($1::uuid[])
ORDER BY dependency.needs, dependency.job LIMIT $2::bigint
