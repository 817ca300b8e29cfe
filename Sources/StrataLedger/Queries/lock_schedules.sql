-- Locks schedules, in order, against changes and against who else would make their runs. $1 uuid[]: schedules.
-- Returns: id, revision, decided_at, overlap, whether a job of it has not ended.
SELECT id, revision, decided_at, overlap,
  EXISTS (SELECT FROM job WHERE job.schedule = schedule.id AND job.finished_at IS NULL)
FROM schedule WHERE id = ANY ($1::uuid[]) ORDER BY id
FOR NO KEY UPDATE OF schedule
