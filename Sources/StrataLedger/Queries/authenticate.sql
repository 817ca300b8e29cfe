-- $1 bytea: a secret. Returns: tenant, key, tenant's name, plan, whether it is an operator.
SELECT tenant.id, api_key.id, tenant.name, tenant.plan, tenant.is_operator
FROM api_key JOIN tenant ON tenant.id = api_key.tenant
WHERE api_key.hash = sha256($1::bytea) AND api_key.revoked_at IS NULL
