-- Lets blocked jobs run. $1 uuid[]: jobs, $2 json[]: all inputs of those for which others have made some, null of the others.
-- Returns: the columns of list_unfinished.
UPDATE job SET state = 'queued', blockers = 0, inputs = coalesce(released.inputs, job.inputs), awaited = NULL
FROM unnest($1::uuid[], $2::json[]) AS released (id, inputs), tenant
WHERE job.id = released.id AND tenant.id = job.tenant
RETURNING job.id, job.tenant, job.capability, job.version, job.tier, job.priority, job.attempts_max, job.params,
  job.inputs, job.timeout_seconds, job.cpu_millicores, job.memory_bytes, job.gpu_thousandths, job.retry, job.task,
  job.preemption, job.alternatives, job.units_max, 0::bigint, 0::bigint, job.cancel_requested, job.run_at,
  job.start_by, tenant.priority_class
