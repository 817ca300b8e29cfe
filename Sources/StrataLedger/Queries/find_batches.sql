-- Batches that jobs are to join. $1 uuid[]: batches. Returns: id, tenant, whether it is open.
SELECT id, tenant, is_open FROM batch WHERE id = ANY ($1::uuid[])
