-- Counts ended jobs of batches, and finishes the batches that are closed and have no others; an array whose window has
-- room by that may go on. $1 uuid[]: batches, $2 bigint[]: succeeded, $3 bigint[]: failed, $4 bigint[]: cancelled,
-- $5 bigint[]: what they were charged, $6 bigint[]: what was held for them.
-- Returns: the columns of StoredBatch.
WITH counted AS (
  UPDATE batch SET succeeded = batch.succeeded + ended.succeeded, failed = batch.failed + ended.failed,
    cancelled = batch.cancelled + ended.cancelled, charged = batch.charged + ended.charged,
    held = batch.held - ended.held,
    finished_at = CASE WHEN NOT batch.is_open AND batch.succeeded + batch.failed + batch.cancelled
      + ended.succeeded + ended.failed + ended.cancelled = batch.total THEN now() END
  FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[])
    AS ended (id, succeeded, failed, cancelled, charged, held)
  WHERE batch.id = ended.id
  RETURNING batch.*
), refilled AS (
  UPDATE job_array SET standing = 'ready' FROM counted
  WHERE job_array.id = counted.id AND job_array.standing = 'full'
    AND counted.total - counted.succeeded - counted.failed - counted.cancelled <= job_array.refill_at
)
SELECT id, tenant, is_open, total, succeeded, failed, cancelled, created_at, finished_at FROM counted
