-- Settles holds (a charge, which may be zero) or voids them (null). $1 uuid[]: jobs, $2 bigint[]: charges.
UPDATE hold SET state = CASE WHEN ending.charge IS NULL THEN 'voided' ELSE 'settled' END,
  charged = coalesce(ending.charge, 0), closed_at = now()
FROM unnest($1::uuid[], $2::bigint[]) AS ending (job, charge)
WHERE hold.job = ending.job
