-- Jobs that wait for some, with what their release or their end needs. $1 uuid[]: jobs or arrays waited for,
-- $2 bigint: at most.
-- Returns: the job waited for, its state; the one that waits, its tenant, state, blockers, on_dependency, hold_amount,
-- sold_as, cancel_requested, batch, whether it holds a key until its end, awaited, and its inputs where that is not null.
SELECT dependency.needs, needed.state, job.id, job.tenant, job.state, job.blockers, job.on_dependency, job.hold_amount,
  job.sold_as, job.cancel_requested, job.batch, job.unique_key IS NOT NULL AND job.unique_seconds IS NULL,
  job.awaited, CASE WHEN job.awaited IS NOT NULL THEN job.inputs END
FROM dependency
JOIN job ON job.id = dependency.job
JOIN (
  SELECT id, state FROM job WHERE id = ANY ($1::uuid[])
  UNION ALL
  SELECT job_array.id,
  CASE WHEN batch.finished_at IS NULL THEN 'queued' WHEN batch.failed > 0 THEN 'failed'
    WHEN batch.succeeded = job_array.tasks THEN 'succeeded' ELSE 'cancelled' END
  FROM job_array JOIN batch ON batch.id = job_array.id
  WHERE job_array.id = ANY ($1::uuid[])
) AS needed ON needed.id = dependency.needs
WHERE dependency.needs = ANY ($1::uuid[])
ORDER BY dependency.needs, dependency.job LIMIT $2::bigint
