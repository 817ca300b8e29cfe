-- The tasks of an array that failed. $1 uuid: its batch, $2 uuid: only those after this job, null for all,
-- $3 boolean: only those that no job does again, $4 bigint: at most. Returns: id.
SELECT id FROM job
WHERE batch = $1::uuid AND state = 'failed' AND finished_at IS NOT NULL
  AND id > coalesce($2::uuid, '00000000-0000-0000-0000-000000000000')
  AND NOT ($3::boolean AND EXISTS (SELECT FROM job AS retry WHERE retry.retry_of = job.id))
ORDER BY id LIMIT $4::bigint
