-- Writes two legs for each transfer.
-- $1 uuid[]: transactions, $2 uuid[]: accounts debited, $3 uuid[]: accounts credited, $4 bigint[]: amounts, $5: kind.
INSERT INTO entry (transaction, leg, account, side, amount, kind)
SELECT transfer.transaction, leg.number, CASE leg.number WHEN 0 THEN transfer.debited ELSE transfer.credited END,
  leg.side, transfer.amount, $5::text
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bigint[]) AS transfer (transaction, debited, credited, amount)
CROSS JOIN (VALUES (0, 'debit'), (1, 'credit')) AS leg (number, side)
ORDER BY transfer.transaction, leg.number
