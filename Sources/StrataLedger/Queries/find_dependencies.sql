-- The jobs that others are to wait for, and arrays, which have ended with all their tasks. $1 uuid[]: jobs or arrays.
-- Returns: id, tenant, state.
SELECT id, tenant, state FROM job WHERE id = ANY ($1::uuid[])
UNION ALL
SELECT job_array.id, job_array.tenant,
  CASE WHEN batch.finished_at IS NULL THEN 'queued' WHEN batch.failed > 0 THEN 'failed'
    WHEN batch.succeeded = job_array.tasks THEN 'succeeded' ELSE 'cancelled' END
FROM job_array JOIN batch ON batch.id = job_array.id
WHERE job_array.id = ANY ($1::uuid[])
