-- $1 uuid: tenant. Returns: id, name, prefix, created_at, revoked_at.
SELECT id, name, prefix, created_at, revoked_at FROM api_key WHERE tenant = $1::uuid ORDER BY id
