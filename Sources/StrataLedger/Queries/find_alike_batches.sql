-- Batches of a tenant whose identifiers begin or end in a certain way, newest first, among its newest. $1 to $7 as those of
-- find_alike. Returns: the columns of StoredBatch.
SELECT id, tenant, is_open, total, succeeded, failed, cancelled, created_at, finished_at
FROM (SELECT * FROM batch WHERE tenant = $1::uuid ORDER BY id DESC LIMIT $6::bigint) AS newest
WHERE id BETWEEN $2::uuid AND $3::uuid
  OR ('x' || right(replace(id::text, '-', ''), 16))::bit(64)::bigint & $4::bigint = $5::bigint
ORDER BY id DESC LIMIT $7::bigint
