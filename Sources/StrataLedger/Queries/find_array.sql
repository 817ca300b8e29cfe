-- $1 uuid: array, $2 uuid: tenant, null for any. Returns: the columns of StoredArray.
SELECT job_array.id, job_array.tenant, job_array.draft, job_array.indexes, job_array.running_max, job_array.run_at,
  job_array.span, job_array.hold_each, job_array.next_position, job_array.dropped, job_array.waiting_code,
  job_array.waiting_message, job_array.standing, job_array.retry_of,
  (SELECT retry.id FROM job_array AS retry WHERE retry.retry_of = job_array.id), job_array.created_at,
  batch.total, batch.succeeded, batch.failed, batch.cancelled, batch.charged, batch.held, batch.finished_at
FROM job_array JOIN batch ON batch.id = job_array.id
WHERE job_array.id = $1::uuid AND ($2::uuid IS NULL OR job_array.tenant = $2::uuid)
