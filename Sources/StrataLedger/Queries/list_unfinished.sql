-- Jobs that the queue should hold, oldest first; blocked ones it should not. $1 uuid: only jobs after this one, null
-- for all, $2 bigint: at most. Returns: id, tenant, capability, version, tier, priority, attempts_max, params, inputs, timeout_seconds,
-- cpu_millicores, memory_bytes, attempts that count and have ended, whether it is to be cancelled.
SELECT id, tenant, capability, version, tier, priority, attempts_max, params, inputs, timeout_seconds,
  cpu_millicores, memory_bytes,
  (SELECT count(*) FROM usage WHERE usage.job = job.id AND ending IN ('succeeded', 'failed', 'expired')),
  cancel_requested
FROM job
WHERE finished_at IS NULL AND state <> 'blocked' AND id > coalesce($1::uuid, '00000000-0000-0000-0000-000000000000')
ORDER BY id LIMIT $2::bigint
