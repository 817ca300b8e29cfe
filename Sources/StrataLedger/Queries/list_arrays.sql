-- A tenant's arrays, newest first. $1 uuid: tenant, $2 uuid: only arrays before this one, $3 bigint: at most, $4 boolean:
-- only those that have tasks to make. Returns: the columns of StoredArray.
SELECT job_array.id, job_array.tenant, job_array.draft, job_array.indexes, job_array.running_max, job_array.run_at,
  job_array.span, job_array.hold_each, job_array.next_position, job_array.dropped, job_array.waiting_code,
  job_array.waiting_message, job_array.standing, job_array.retry_of,
  (SELECT retry.id FROM job_array AS retry WHERE retry.retry_of = job_array.id), job_array.created_at,
  batch.total, batch.succeeded, batch.failed, batch.cancelled, batch.charged, batch.held, batch.finished_at
FROM job_array JOIN batch ON batch.id = job_array.id
WHERE job_array.tenant = $1::uuid AND job_array.id < coalesce($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
  AND (NOT $4::boolean OR job_array.next_position < job_array.tasks)
ORDER BY job_array.id DESC LIMIT $3::bigint
