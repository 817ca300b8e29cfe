-- The sizes of workers that were seen in the last $1 bigint milliseconds.
-- Returns: tier, cpu_millicores, memory_bytes, gpu_thousandths, milliseconds since one was seen.
SELECT tier, cpu_millicores, memory_bytes, gpu_thousandths,
  greatest(0, floor(extract(epoch FROM now() - seen_at) * 1000))::bigint
FROM tier_worker WHERE seen_at > now() - $1::bigint * interval '1 millisecond'
