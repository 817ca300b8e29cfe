-- What a tenant's attempts that ended in a period used, cost and were charged, by the name sold.
-- $1 uuid: tenant, $2, $3 timestamptz: from, until (excluded).
-- Returns: sold_as, jobs, attempts, cpu_microseconds, wall_microseconds, units, cost, charged.
SELECT job.sold_as, count(DISTINCT usage.job), count(*), sum(usage.cpu_microseconds)::bigint,
  sum(usage.wall_microseconds)::bigint, sum(usage.units)::bigint, sum(usage.cost)::bigint,
  coalesce(sum(job.charged) FILTER (WHERE usage.ending = 'succeeded'), 0)::bigint
FROM usage JOIN job ON job.id = usage.job
WHERE usage.tenant = $1::uuid AND usage.ended_at >= $2::timestamptz AND usage.ended_at < $3::timestamptz
GROUP BY job.sold_as ORDER BY job.sold_as
