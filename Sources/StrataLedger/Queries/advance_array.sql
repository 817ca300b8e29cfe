-- Notes what has become of an array's tasks. $1 uuid: array, $2 bigint: the next position, $3 text: dropped positions,
-- $4 bigint: how many those are, $5 text: why no more are made, null for nothing, $6 text: the same in words,
-- $7 bigint: the most that a task may be charged, null for as it was.
UPDATE job_array SET next_position = $2::bigint, dropped = $3::text, dropped_count = $4::bigint,
  waiting_code = $5::text, waiting_message = $6::text, hold_each = coalesce($7::bigint, hold_each)
WHERE id = $1::uuid
