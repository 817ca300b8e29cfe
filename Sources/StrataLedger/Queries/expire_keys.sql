-- Forgets keys whose time is over. $1 bigint: at most. Returns: a row for each.
DELETE FROM unique_claim
WHERE (tenant, key) IN (
    SELECT tenant, key FROM unique_claim WHERE until <= now() ORDER BY until LIMIT $1::bigint)
  AND until <= now()
RETURNING key
