-- $1 uuid: batch, $2 uuid: tenant, $3 text: null, or the idempotency key that stands for the identifier.
-- Returns: the columns of StoredBatch.
SELECT id, tenant, is_open, total, succeeded, failed, cancelled, created_at, finished_at FROM batch
WHERE tenant = $2::uuid AND (id = $1::uuid OR idempotency_key = $3::text)
