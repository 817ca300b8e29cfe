-- Forgets the sizes of $1 text[] tiers beyond the $2 bigint that were seen last of each; of equally old ones the smaller
-- go. Those of workers that live are noted every minute, and stay, however many there are.
DELETE FROM tier_worker USING (
  SELECT tier, cpu_millicores, memory_bytes, gpu_thousandths, seen_at, row_number() OVER (
    PARTITION BY tier ORDER BY seen_at DESC, cpu_millicores DESC, memory_bytes DESC, gpu_thousandths DESC) AS place
  FROM tier_worker WHERE tier = ANY ($1::text[])
) AS placed
WHERE placed.place > $2::bigint AND placed.seen_at < now() - interval '2 minutes' AND tier_worker.tier = placed.tier
  AND tier_worker.cpu_millicores = placed.cpu_millicores AND tier_worker.memory_bytes = placed.memory_bytes
  AND tier_worker.gpu_thousandths = placed.gpu_thousandths
