-- Notes those of some batches that are arrays of which all tasks have ended, and for which jobs still wait.
-- $1 uuid[]: batches. Returns: id of each.
INSERT INTO resolution (job)
SELECT batch.id FROM batch
WHERE batch.id = ANY ($1::uuid[]) AND batch.finished_at IS NOT NULL
  AND EXISTS (SELECT FROM dependency WHERE dependency.needs = batch.id)
ON CONFLICT (job) DO UPDATE SET job = excluded.job
RETURNING job
