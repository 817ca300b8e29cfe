-- What jobs have left behind, and the tasks of arrays. $1 uuid[]: jobs or arrays, $2 bigint: jobs and tasks at most.
-- Returns: the job or array, the task's index (null of a job), state, results; tasks in their order.
SELECT source.id, one.task, one.state, one.results
FROM unnest($1::uuid[]) AS source (id)
CROSS JOIN LATERAL (
  SELECT NULL::bigint AS task, state, results FROM job WHERE job.id = source.id
  UNION ALL
  (SELECT (task ->> 'index')::bigint, state, results FROM job
  WHERE job.batch = source.id AND job.task IS NOT NULL ORDER BY job.id LIMIT $2::bigint)
) AS one
ORDER BY source.id, one.task LIMIT $2::bigint
