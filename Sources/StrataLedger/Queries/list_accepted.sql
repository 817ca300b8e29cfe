-- Unfinished jobs that were accepted between two instants, oldest first; not blocked ones, which the queue does not hold. $1 uuid: only jobs after this one, $2 uuid: and
-- before this one, $3 bigint: at most. Returns: id.
SELECT id FROM job WHERE finished_at IS NULL AND state <> 'blocked' AND id > $1::uuid AND id < $2::uuid ORDER BY id LIMIT $3::bigint
