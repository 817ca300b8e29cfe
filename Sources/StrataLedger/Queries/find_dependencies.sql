-- The jobs that others are to wait for. $1 uuid[]: jobs. Returns: id, tenant, state.
SELECT id, tenant, state FROM job WHERE id = ANY ($1::uuid[])
