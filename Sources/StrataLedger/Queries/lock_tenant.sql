-- Lets one change at a time be made to a tenant's keys. $1 uuid: tenant. Returns: id.
SELECT id FROM tenant WHERE id = $1::uuid FOR NO KEY UPDATE
