-- Jobs of a schedule, newest first. $1 uuid: tenant, $2 text[]: states, null for all, $3 uuid: only jobs before this one,
-- $4 bigint: at most, $5 uuid: schedule. Returns: the columns of StoredJob.
SELECT job.id, job.tenant, job.capability, job.version, job.sold_as, job.tier, job.priority, job.attempts_max, job.params,
  job.inputs, job.timeout_seconds, job.cpu_millicores, job.memory_bytes, job.gpu_thousandths, job.retry,
  job.task, job.preemption, job.alternatives, job.state, job.hold_amount, job.created_at, job.run_at, job.start_by,
  job.finished_at, job.error, job.results, job.summary, job.log, job.charged, job.cost,
  NULL::json, job.on_dependency, job.batch, job.unique_key, job.unique_seconds, job.retry_of, job.blockers, NULL::uuid,
  job.schedule, job.schedule_instant, (SELECT schedule.name FROM schedule WHERE schedule.id = job.schedule)
FROM job
WHERE schedule = $5::uuid AND tenant = $1::uuid AND ($2::text[] IS NULL OR state = ANY ($2::text[]))
  AND id < coalesce($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
ORDER BY id DESC LIMIT $4::bigint
