-- Notes what has become of an array's tasks. $1 uuid: array, $2 bigint: the next position, $3 text: dropped positions,
-- $4 bigint: how many those are, $5 text: why no more are made, null for nothing, $6 text: the same in words,
-- $7 bigint: the most that a task may be charged, null for as it was, $8 text: its standing, null for full or ready, as
-- its tasks are, $9 bigint: how many of them are unfinished at most when more are made, null for as it was,
-- $10 timestamptz: when one that is refused is looked at again.
UPDATE job_array SET next_position = $2::bigint, dropped = $3::text, dropped_count = $4::bigint,
  waiting_code = $5::text, waiting_message = $6::text, hold_each = coalesce($7::bigint, hold_each),
  standing = coalesce($8::text, CASE
    WHEN batch.total - batch.succeeded - batch.failed - batch.cancelled > $9::bigint THEN 'full' ELSE 'ready' END),
  refill_at = coalesce($9::bigint, refill_at), look_at = $10::timestamptz
FROM batch
WHERE job_array.id = $1::uuid AND batch.id = job_array.id
