-- Arrays of whichever tenant that have tasks to make, room for them and the credits for one, oldest first.
-- $1 uuid: only arrays after this one, $2 bigint: the most unfinished tasks of an array, $3 bigint: how many there are at
-- most when more are made, but for an array that bounds them itself, $4 bigint: arrays at most.
-- Returns: the columns of StoredArray.
SELECT job_array.id, job_array.tenant, job_array.draft, job_array.indexes, job_array.running_max, job_array.run_at,
  job_array.span, job_array.hold_each, job_array.next_position, job_array.dropped, job_array.waiting_code,
  job_array.waiting_message, job_array.retry_of,
  (SELECT retry.id FROM job_array AS retry WHERE retry.retry_of = job_array.id), job_array.created_at,
  batch.total, batch.succeeded, batch.failed, batch.cancelled, batch.finished_at
FROM job_array
JOIN batch ON batch.id = job_array.id
JOIN account ON account.id = job_array.tenant
WHERE job_array.next_position < job_array.tasks
  AND job_array.id > coalesce($1::uuid, '00000000-0000-0000-0000-000000000000')
  AND batch.total - batch.succeeded - batch.failed - batch.cancelled
    <= CASE WHEN job_array.running_max < $2::bigint THEN job_array.running_max - 1 ELSE $3::bigint END
  AND account.limit_ - account.posted - account.held >= job_array.hold_each
ORDER BY job_array.id LIMIT $4::bigint
