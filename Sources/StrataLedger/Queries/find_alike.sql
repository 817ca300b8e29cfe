-- Jobs whose identifiers begin or end in a certain way, newest first, among the newest of a tenant or of all. Planned
-- with its values each time, for each of the two goes by another index.
-- $1 uuid: tenant, null for any, $2 uuid, $3 uuid: the first and the last that begin so, null for none, $4 bigint: a mask
-- of the last 64 bits, $5 bigint: what these are under it at such an end, $6 bigint: jobs to look at, $7 bigint: at most.
-- Returns: id.
SELECT id
FROM (
  SELECT id FROM job WHERE $1::uuid IS NULL OR tenant = $1::uuid ORDER BY id DESC LIMIT $6::bigint
) AS newest
WHERE id BETWEEN $2::uuid AND $3::uuid
  OR ('x' || right(replace(id::text, '-', ''), 16))::bit(64)::bigint & $4::bigint = $5::bigint
ORDER BY id DESC LIMIT $7::bigint
