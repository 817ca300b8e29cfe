-- The legs of transfers on a tenant's account, newest first. $1 uuid: account, $2 bigint: only those before this sequence number,
-- null for all, $3 bigint: at most. Returns: sequence, transaction, side, amount, kind, at.
SELECT * FROM (
  (SELECT sequence, id, 'debit', amount, kind, at FROM transfer
   WHERE debited = $1::uuid AND sequence < coalesce($2::bigint, 9223372036854775807)
   ORDER BY sequence DESC LIMIT $3::bigint)
  UNION ALL
  (SELECT sequence, id, 'credit', amount, kind, at FROM transfer
   WHERE credited = $1::uuid AND kind <> 'charge' AND sequence < coalesce($2::bigint, 9223372036854775807)
   ORDER BY sequence DESC LIMIT $3::bigint)
) AS leg
ORDER BY sequence DESC LIMIT $3::bigint
