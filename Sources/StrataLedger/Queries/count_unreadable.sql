-- Counts one more restoring of unfinished jobs for unreadable entries. $1 uuid[]: jobs.
UPDATE job SET unreadable_restores = unreadable_restores + 1 WHERE id = ANY ($1::uuid[]) AND finished_at IS NULL
