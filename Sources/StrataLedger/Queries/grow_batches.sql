-- Adds jobs to the totals of open batches. $1 uuid[]: batches, $2 bigint[]: how many.
UPDATE batch SET total = batch.total + growth.jobs FROM unnest($1::uuid[], $2::bigint[]) AS growth (id, jobs)
WHERE batch.id = growth.id
