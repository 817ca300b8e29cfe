-- Notes that workers of these sizes are there.
-- $1 text[]: tiers, $2 bigint[]: cpu_millicores, $3 bigint[]: memory_bytes, $4 bigint[]: gpu_thousandths.
INSERT INTO tier_worker (tier, cpu_millicores, memory_bytes, gpu_thousandths, seen_at)
SELECT DISTINCT new.*, now() FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[]) AS new
ON CONFLICT (tier, cpu_millicores, memory_bytes, gpu_thousandths)
  DO UPDATE SET seen_at = greatest(tier_worker.seen_at, excluded.seen_at)
