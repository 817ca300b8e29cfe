-- Jobs that ended without success and were not done again, oldest first. Planned with its values each time, as list_jobs.
-- $1 … $13: of JobFilter, $14 uuid: only jobs after this one, $15 bigint: at most. Returns: the columns of StoredJob.
SELECT job.id, job.tenant, job.capability, job.version, job.sold_as, job.name, job.labels::json, job.tier,
  job.priority, job.attempts_max, job.params, job.inputs, job.timeout_seconds, job.cpu_millicores, job.memory_bytes,
  job.gpu_thousandths, job.retry, job.task, job.preemption, job.alternatives, job.units_max, job.awaited, job.state,
  job.hold_amount, job.created_at, job.run_at, job.start_by, job.finished_at, job.error, job.results, job.summary,
  job.log, job.charged, job.cost,
  job.after, job.on_dependency, job.batch, job.unique_key, job.unique_seconds, job.retry_of, job.blockers, NULL::uuid,
  job.schedule, job.schedule_instant, (SELECT schedule.name FROM schedule WHERE schedule.id = job.schedule)
FROM job
WHERE ($1::uuid IS NULL OR tenant = $1::uuid)
  AND ($2::text[] IS NULL OR state = ANY ($2::text[])) AND state IN ('failed', 'cancelled')
  AND ($3::uuid IS NULL OR batch = $3::uuid) AND ($4::uuid IS NULL OR schedule = $4::uuid)
  AND ($5::text IS NULL OR sold_as = $5::text) AND ($6::text IS NULL OR tier = $6::text)
  AND ($7::text IS NULL OR name = $7::text) AND ($8::text IS NULL OR name LIKE $8::text)
  AND ($9::json IS NULL OR labels @> $9::json::jsonb) AND ($10::text IS NULL OR error ->> 'code' = $10::text)
  AND ($11::uuid IS NULL OR id >= $11::uuid) AND ($12::uuid IS NULL OR id < $12::uuid)
  AND ($13::boolean IS NOT TRUE OR finished_at IS NULL)
  AND ($14::uuid IS NULL OR id > $14::uuid)
  AND NOT EXISTS (SELECT FROM job AS retry WHERE retry.retry_of = job.id)
ORDER BY id LIMIT $15::bigint
