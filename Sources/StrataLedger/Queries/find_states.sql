-- $1 uuid[]: jobs. Returns: id, state.
SELECT id, state FROM job WHERE id = ANY ($1::uuid[])
