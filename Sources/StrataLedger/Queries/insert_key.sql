-- $1 uuid: key, $2 uuid: tenant, $3 text: name, $4 bytea: secret, $5 text: its first characters.
INSERT INTO api_key (id, tenant, name, hash, prefix)
VALUES ($1::uuid, $2::uuid, $3::text, sha256($4::bytea), $5::text)
