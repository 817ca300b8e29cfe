-- Locks the accounts of tenants, in the order that every transaction keeps, and reads them.
-- $1 uuid[]: tenants. Returns: id, posted, held, limit_.
SELECT id, posted, held, limit_ FROM account WHERE id = ANY ($1::uuid[]) AND kind = 'tenant' ORDER BY id
FOR NO KEY UPDATE
