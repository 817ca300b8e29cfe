-- The legs on an account, newest first. $1 uuid: account, $2 bigint: only those before this sequence number, null for
-- all, $3 bigint: at most. Returns: sequence, transaction, side, amount, kind, at.
SELECT sequence, transaction, side, amount, kind, at FROM entry
WHERE account = $1::uuid AND sequence < coalesce($2::bigint, 9223372036854775807)
ORDER BY sequence DESC LIMIT $3::bigint
