-- Jobs that ended without success and were not done again, oldest first. $1 uuid: tenant, $2 text: failed or cancelled,
-- $3 text: the name they were sold under, null for any, $4 text: their error's code, null for any, $5 bigint: at most.
-- Returns: the columns of StoredJob.
SELECT job.id, job.tenant, job.capability, job.version, job.sold_as, job.tier, job.priority, job.attempts_max, job.params,
  job.inputs, job.timeout_seconds, job.cpu_millicores, job.memory_bytes, job.gpu_thousandths, job.retry,
  job.task, job.preemption, job.alternatives, job.state, job.hold_amount, job.created_at, job.run_at, job.start_by,
  job.finished_at, job.error, job.results, job.summary, job.log, job.charged, job.cost,
  job.after, job.on_dependency, job.batch, job.unique_key, job.unique_seconds, job.retry_of, job.blockers, NULL::uuid,
  job.schedule, job.schedule_instant, (SELECT schedule.name FROM schedule WHERE schedule.id = job.schedule)
FROM job
WHERE tenant = $1::uuid AND state = $2::text AND state IN ('failed', 'cancelled')
  AND ($3::text IS NULL OR sold_as = $3::text) AND ($4::text IS NULL OR error ->> 'code' = $4::text)
  AND NOT EXISTS (SELECT FROM job AS retry WHERE retry.retry_of = job.id)
ORDER BY id LIMIT $5::bigint
