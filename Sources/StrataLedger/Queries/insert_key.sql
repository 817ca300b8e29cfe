-- $1 uuid: key, $2 uuid: tenant, $3 text: name, $4 bytea: secret, $5 text: its first characters.
-- Returns: the columns of APIKey.
INSERT INTO api_key (id, tenant, name, hash, prefix)
VALUES ($1::uuid, $2::uuid, $3::text, sha256($4::bytea), $5::text)
RETURNING id, name, prefix, created_at, revoked_at
