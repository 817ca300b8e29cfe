-- $1 uuid: a transaction. Returns its legs: account, side, amount.
SELECT account, side, amount FROM entry WHERE transaction = $1::uuid ORDER BY leg
