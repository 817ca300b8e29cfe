-- The jobs that do others again. $1 uuid[]: the others. Returns: retry_of; id, state, hold_amount, created_at.
SELECT retry_of, id, state, hold_amount, created_at FROM job WHERE retry_of = ANY ($1::uuid[])
