-- Tasks of an array that are made and have not ended, in order. $1 uuid: tenant, $2 uuid: its batch, $3 uuid: from this
-- job on, $4 bigint: at most. Returns: the columns of StoredJob.
SELECT job.id, job.tenant, job.capability, job.version, job.sold_as, job.name, job.labels::json, job.tier,
  job.priority, job.attempts_max, job.params, job.inputs, job.timeout_seconds, job.cpu_millicores, job.memory_bytes,
  job.gpu_thousandths, job.retry, job.task, job.preemption, job.alternatives, job.units_max, job.awaited, job.state,
  job.hold_amount, job.created_at, job.run_at, job.start_by, job.finished_at, job.error, job.results, job.summary,
  job.log, job.charged, job.cost,
  NULL::json, job.on_dependency, job.batch, job.unique_key, job.unique_seconds, job.retry_of, job.blockers, NULL::uuid,
  job.schedule, job.schedule_instant, (SELECT schedule.name FROM schedule WHERE schedule.id = job.schedule)
FROM job
WHERE batch = $2::uuid AND finished_at IS NULL AND id >= $3::uuid AND tenant = $1::uuid
ORDER BY id LIMIT $4::bigint
