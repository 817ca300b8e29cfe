-- What a settlement must know of jobs. $1 uuid[]: jobs.
-- Returns: id, tenant, state, hold_amount, tier, sold_as, per_job, per_cpu_second, per_million_units, units_max,
-- batch, whether it holds a key until its end.
SELECT job.id, job.tenant, job.state, job.hold_amount, job.tier, job.sold_as, price.per_job, price.per_cpu_second,
  price.per_million_units, job.units_max, job.batch, job.unique_key IS NOT NULL AND job.unique_seconds IS NULL
FROM job
JOIN price ON price.name = job.sold_as AND price.version = job.price_version
WHERE job.id = ANY ($1::uuid[])
