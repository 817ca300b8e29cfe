-- The unfinished jobs of a tenant, oldest first. $1 uuid: tenant, $2 bigint: at most. Returns: id.
SELECT id FROM job WHERE tenant = $1::uuid AND finished_at IS NULL ORDER BY id LIMIT $2::bigint
