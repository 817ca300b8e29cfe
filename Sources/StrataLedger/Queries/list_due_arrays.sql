-- Arrays of whichever tenant that may go on, oldest first: those that nothing holds, those whose tenant has the credits
-- for a task by now, and those that are to be looked at again. The others are not read, and of tenants who want credits
-- each costs one look, however many arrays wait for them.
-- $1 uuid: only arrays after this one, $2 timestamptz: now, $3 bigint: arrays at most.
-- Returns: the columns of StoredArray.
WITH RECURSIVE poor (tenant) AS (
  (SELECT tenant FROM job_array WHERE standing = 'poor' AND next_position < tasks ORDER BY tenant LIMIT 1)
  UNION ALL
  SELECT following.tenant FROM poor CROSS JOIN LATERAL (
    SELECT tenant FROM job_array
    WHERE standing = 'poor' AND next_position < tasks AND tenant > poor.tenant
    ORDER BY tenant LIMIT 1
  ) AS following
), due (id) AS (
  (SELECT id FROM job_array
    WHERE standing = 'ready' AND next_position < tasks
      AND id > coalesce($1::uuid, '00000000-0000-0000-0000-000000000000')
    ORDER BY id LIMIT $3::bigint)
  UNION ALL
  SELECT affordable.id FROM poor JOIN account ON account.id = poor.tenant CROSS JOIN LATERAL (
    SELECT id FROM job_array
    WHERE standing = 'poor' AND next_position < tasks AND tenant = poor.tenant
      AND hold_each <= account.limit_ - account.posted - account.held
    -- Keeps it a look for each tenant, at those that it can pay for.
    OFFSET 0
  ) AS affordable
  WHERE affordable.id > coalesce($1::uuid, '00000000-0000-0000-0000-000000000000')
  UNION ALL
  SELECT id FROM job_array
  WHERE standing = 'refused' AND next_position < tasks AND look_at <= $2::timestamptz
    AND id > coalesce($1::uuid, '00000000-0000-0000-0000-000000000000')
)
SELECT job_array.id, job_array.tenant, job_array.draft, job_array.indexes, job_array.running_max, job_array.run_at,
  job_array.span, job_array.hold_each, job_array.next_position, job_array.dropped, job_array.waiting_code,
  job_array.waiting_message, job_array.standing, job_array.retry_of,
  (SELECT retry.id FROM job_array AS retry WHERE retry.retry_of = job_array.id), job_array.created_at,
  batch.total, batch.succeeded, batch.failed, batch.cancelled, batch.charged, batch.held, batch.finished_at
FROM job_array JOIN batch ON batch.id = job_array.id
WHERE job_array.id = ANY (ARRAY(SELECT id FROM due ORDER BY id LIMIT $3::bigint))
ORDER BY job_array.id
