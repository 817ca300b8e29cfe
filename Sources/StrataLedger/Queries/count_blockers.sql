-- $1 uuid[]: blocked jobs, $2 bigint[]: how many others each still waits for, more than none.
UPDATE job SET blockers = waiting.blockers FROM unnest($1::uuid[], $2::bigint[]) AS waiting (id, blockers)
WHERE job.id = waiting.id
