-- $1 uuid[]: jobs or arrays. Returns: id, state.
SELECT id, state FROM job WHERE id = ANY ($1::uuid[])
UNION ALL
SELECT job_array.id,
  CASE WHEN batch.finished_at IS NULL THEN 'queued' WHEN batch.failed > 0 THEN 'failed'
    WHEN batch.succeeded = job_array.tasks THEN 'succeeded' ELSE 'cancelled' END
FROM job_array JOIN batch ON batch.id = job_array.id
WHERE job_array.id = ANY ($1::uuid[])
