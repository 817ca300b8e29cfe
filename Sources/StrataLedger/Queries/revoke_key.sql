-- $1 uuid: key, $2 uuid: tenant. Returns a row if there is such a key; revoking again changes nothing.
UPDATE api_key SET revoked_at = coalesce(revoked_at, now()) WHERE id = $1::uuid AND tenant = $2::uuid RETURNING id
