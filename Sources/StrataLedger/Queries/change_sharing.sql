-- $1 text: a tenant's name; null leaves as it is: $2 bigint: class, $3 bigint: weight; $4 boolean: whether its limit
-- becomes $5 bigint (null for none); $6 boolean: whether it is paused, null leaves that as it is; $7 boolean: whether its
-- rate becomes $8 bigint in $9 bigint seconds, at most $10 bigint at once (all null for none).
-- Returns: the columns of Tenant.
UPDATE tenant SET priority_class = coalesce($2::bigint, priority_class), weight = coalesce($3::bigint, weight),
  running_max = CASE WHEN $4::boolean THEN $5::bigint ELSE running_max END,
  is_paused = coalesce($6::boolean, is_paused),
  rate_count = CASE WHEN $7::boolean THEN $8::bigint ELSE rate_count END,
  rate_seconds = CASE WHEN $7::boolean THEN $9::bigint ELSE rate_seconds END,
  rate_burst = CASE WHEN $7::boolean THEN $10::bigint ELSE rate_burst END, sharing_changed_at = now()
WHERE name = $1::text
RETURNING id, name, plan, created_at, is_operator, priority_class, weight, running_max, is_paused, rate_count,
  rate_seconds, rate_burst
