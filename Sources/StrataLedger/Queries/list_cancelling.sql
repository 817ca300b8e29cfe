-- Unfinished jobs whose owners want them cancelled, oldest first. $1 uuid: only jobs after this one, null for all,
-- $2 bigint: at most. Returns: id. Cost: one look at each unfinished job.
SELECT id FROM job
WHERE finished_at IS NULL AND cancel_requested AND id > coalesce($1::uuid, '00000000-0000-0000-0000-000000000000')
ORDER BY id LIMIT $2::bigint
