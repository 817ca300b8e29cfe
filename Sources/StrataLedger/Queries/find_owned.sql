-- Those of some artifacts that a tenant owns. $1 uuid: tenant, $2 bytea[]: digests. Returns: digest.
SELECT digest FROM artifact_owner WHERE tenant = $1::uuid AND digest = ANY ($2::bytea[])
