-- Those of some artifacts that a tenant owns. $1 uuid: tenant, $2 bytea[]: digests. Returns: digest, size_bytes.
SELECT digest, size_bytes FROM artifact_owner WHERE tenant = $1::uuid AND digest = ANY ($2::bytea[])
