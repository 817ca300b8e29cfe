-- Adds jobs to the totals of open batches. $1 uuid[]: batches, $2 bigint[]: how many, $3 bigint[]: what is held for them.
UPDATE batch SET total = batch.total + growth.jobs, held = batch.held + growth.held
FROM unnest($1::uuid[], $2::bigint[], $3::bigint[]) AS growth (id, jobs, held)
WHERE batch.id = growth.id
