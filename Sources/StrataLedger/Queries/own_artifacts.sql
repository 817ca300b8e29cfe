-- Makes tenants owners of artifacts; what they own already stays as it is. $1 uuid[]: tenants, $2 bytea[]: digests,
-- $3 bigint[]: sizes in bytes. Returns: nothing.
INSERT INTO artifact_owner (tenant, digest, size_bytes)
SELECT tenant, digest, size_bytes
FROM unnest($1::uuid[], $2::bytea[], $3::bigint[]) AS given (tenant, digest, size_bytes)
ON CONFLICT DO NOTHING
