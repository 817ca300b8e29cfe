-- Locks the accounts of tenants, in the order that every transaction keeps, and reads them.
-- $1 uuid[]: tenants. Returns: id, posted, held, limit_, the tenant's class.
SELECT account.id, posted, held, limit_, priority_class FROM account JOIN tenant ON tenant.id = account.id
WHERE account.id = ANY ($1::uuid[]) AND kind = 'tenant' ORDER BY account.id
FOR NO KEY UPDATE OF account
