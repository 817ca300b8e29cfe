-- Counts ended jobs of batches, and finishes the batches that are closed and have no others.
-- $1 uuid[]: batches, $2 bigint[]: succeeded, $3 bigint[]: failed, $4 bigint[]: cancelled.
-- Returns: the columns of StoredBatch.
UPDATE batch SET succeeded = batch.succeeded + ended.succeeded, failed = batch.failed + ended.failed,
  cancelled = batch.cancelled + ended.cancelled,
  finished_at = CASE WHEN NOT batch.is_open AND batch.succeeded + batch.failed + batch.cancelled
    + ended.succeeded + ended.failed + ended.cancelled = batch.total THEN now() END
FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[]) AS ended (id, succeeded, failed, cancelled)
WHERE batch.id = ended.id
RETURNING batch.id, batch.tenant, batch.is_open, batch.total, batch.succeeded, batch.failed, batch.cancelled,
  batch.created_at, batch.finished_at
