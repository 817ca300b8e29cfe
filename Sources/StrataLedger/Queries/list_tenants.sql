-- $1 uuid: one tenant, null for all; $2 text: one name, null for all. Returns: id, name, plan, created_at, is_operator.
SELECT id, name, plan, created_at, is_operator FROM tenant
WHERE ($1::uuid IS NULL OR id = $1::uuid) AND ($2::text IS NULL OR name = $2::text) ORDER BY id
