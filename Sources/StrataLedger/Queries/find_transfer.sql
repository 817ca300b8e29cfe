-- $1 uuid: a transfer. Returns: the account credited, amount, kind.
SELECT credited, amount, kind FROM transfer WHERE id = $1::uuid
