-- Lets no more jobs join a batch, and finishes it if all have ended. $1 uuid: batch, $2 uuid: tenant.
-- Returns: the columns of StoredBatch.
UPDATE batch SET is_open = false,
  finished_at = CASE WHEN succeeded + failed + cancelled = total THEN coalesce(finished_at, now()) END
WHERE id = $1::uuid AND tenant = $2::uuid
RETURNING id, tenant, is_open, total, succeeded, failed, cancelled, created_at, finished_at
