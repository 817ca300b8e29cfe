-- $1 text: a tenant's name; null leaves as it is: $2 bigint: class, $3 bigint: weight; $4 boolean: whether its limit
-- becomes $5 bigint (null for none); $6 boolean: whether it is paused, null leaves that as it is.
-- Returns: the columns of Tenant.
UPDATE tenant SET priority_class = coalesce($2::bigint, priority_class), weight = coalesce($3::bigint, weight),
  running_max = CASE WHEN $4::boolean THEN $5::bigint ELSE running_max END,
  is_paused = coalesce($6::boolean, is_paused), sharing_changed_at = now()
WHERE name = $1::text
RETURNING id, name, plan, created_at, is_operator, priority_class, weight, running_max, is_paused
