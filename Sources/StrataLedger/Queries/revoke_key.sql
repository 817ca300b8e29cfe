-- Revokes a key of a tenant, which the caller has locked. Its last valid one is kept unless $3. Revoking again changes
-- nothing. $1 uuid: key, $2 uuid: tenant, $3 boolean: whether it may be the last.
-- Returns: the columns of APIKey; revoked_at is null where it was kept. No row where there is no such key.
WITH revoked AS (
  UPDATE api_key SET revoked_at = now()
  WHERE id = $1::uuid AND tenant = $2::uuid AND revoked_at IS NULL
    AND ($3::boolean OR EXISTS (
      SELECT FROM api_key AS other WHERE other.tenant = $2::uuid AND other.id <> $1::uuid AND other.revoked_at IS NULL))
  RETURNING id, revoked_at
)
SELECT api_key.id, api_key.name, api_key.prefix, api_key.created_at, coalesce(revoked.revoked_at, api_key.revoked_at)
FROM api_key LEFT JOIN revoked ON revoked.id = api_key.id
WHERE api_key.id = $1::uuid AND api_key.tenant = $2::uuid
