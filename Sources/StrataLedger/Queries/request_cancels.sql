-- Notes that the owner of some jobs wants them cancelled. $1 uuid[]: jobs.
UPDATE job SET cancel_requested = true WHERE id = ANY ($1::uuid[]) AND finished_at IS NULL
