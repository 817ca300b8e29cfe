-- Jobs that the queue should hold, oldest first; blocked ones it should not. $1 uuid: only jobs after this one, null
-- for all, $2 bigint: at most.
-- Returns: id, tenant, capability, version, tier, priority, attempts_max, params, inputs, timeout_seconds,
-- cpu_millicores, memory_bytes, gpu_thousandths, retry, task, preemption, alternatives, units_max, attempts that count and
-- have ended, those of them whose worker was lost, whether it is to be cancelled, run_at, start_by (null once it has
-- started and was preempted), the tenant's class.
SELECT job.id, job.tenant, job.capability, job.version, job.tier, job.priority, job.attempts_max, job.params, job.inputs,
  job.timeout_seconds, job.cpu_millicores, job.memory_bytes, job.gpu_thousandths, job.retry, job.task,
  job.preemption, job.alternatives, job.units_max, attempts.made, attempts.lost, job.cancel_requested, job.run_at,
  CASE WHEN attempts.preempted = 0 THEN job.start_by END, tenant.priority_class
FROM job
JOIN tenant ON tenant.id = job.tenant
CROSS JOIN LATERAL (
  SELECT count(*) FILTER (WHERE ending <> 'preempted') AS made, count(*) FILTER (WHERE ending = 'expired') AS lost,
    count(*) FILTER (WHERE ending = 'preempted') AS preempted
  FROM usage WHERE usage.job = job.id AND ending IN ('succeeded', 'failed', 'expired', 'preempted')
) AS attempts
WHERE job.finished_at IS NULL AND job.state <> 'blocked'
  AND job.id > coalesce($1::uuid, '00000000-0000-0000-0000-000000000000')
ORDER BY job.id LIMIT $2::bigint
