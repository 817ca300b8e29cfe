-- $1 uuid: one tenant, null for all; $2 text: one name, null for all. Returns: the columns of Tenant.
SELECT id, name, plan, created_at, is_operator, priority_class, weight, running_max, is_paused, rate_count, rate_seconds,
  rate_burst
FROM tenant
WHERE ($1::uuid IS NULL OR id = $1::uuid) AND ($2::text IS NULL OR name = $2::text) ORDER BY id
