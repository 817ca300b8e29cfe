-- Batches that jobs are to join. $1 uuid[]: batches. Returns: id, tenant, whether it is open; that of an array is not.
SELECT id, tenant, is_open AND NOT EXISTS (SELECT FROM job_array WHERE job_array.id = batch.id)
FROM batch WHERE id = ANY ($1::uuid[])
