-- Locks the accounts of the tenants that own some jobs or arrays, in the order that every transaction keeps.
-- $1 uuid[]: jobs or arrays. Returns: id.
SELECT id FROM account
WHERE id IN (
  SELECT tenant FROM job WHERE job.id = ANY ($1::uuid[])
  UNION ALL
  SELECT tenant FROM job_array WHERE job_array.id = ANY ($1::uuid[]))
ORDER BY id
FOR NO KEY UPDATE
