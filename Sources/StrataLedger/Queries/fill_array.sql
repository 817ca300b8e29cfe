-- Notes that an array has as many unfinished tasks as it may; changes nothing where that is so no more.
-- $1 uuid: array, $2 bigint: how many are unfinished at most when more are made.
UPDATE job_array SET standing = 'full', refill_at = $2::bigint
FROM batch
WHERE job_array.id = $1::uuid AND batch.id = job_array.id
  AND batch.total - batch.succeeded - batch.failed - batch.cancelled > $2::bigint
