-- Lets blocked jobs run. $1 uuid[]: jobs. Returns: the columns of list_unfinished.
UPDATE job SET state = 'queued', blockers = 0 WHERE id = ANY ($1::uuid[])
RETURNING id, tenant, capability, version, tier, priority, attempts_max, params, inputs, timeout_seconds,
  cpu_millicores, memory_bytes, 0::bigint, cancel_requested
