-- $1 uuid: tenant, $2 uuid: an array. Returns: how many arrays of the tenant have tasks to make, and the array that does
-- the failed tasks of that one again, null where none does.
SELECT (SELECT count(*) FROM job_array WHERE tenant = $1::uuid AND next_position < tasks),
  (SELECT id FROM job_array WHERE retry_of = $2::uuid)
