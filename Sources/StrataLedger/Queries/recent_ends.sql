-- How the newest ended jobs of schedules ended, the newest first. $1 uuid[]: schedules, $2 bigint: at most, of each.
-- Returns: schedule, id, state, finished_at, error.
SELECT wanted.schedule, ended.id, ended.state, ended.finished_at, ended.error
FROM unnest($1::uuid[]) AS wanted (schedule)
CROSS JOIN LATERAL (
  SELECT job.id, job.state, job.finished_at, job.error FROM job
  WHERE job.schedule = wanted.schedule AND job.finished_at IS NOT NULL ORDER BY job.id DESC LIMIT $2::bigint
) AS ended
ORDER BY ended.id DESC
