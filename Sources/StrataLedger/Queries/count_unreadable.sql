-- Counts one more restoring of unfinished jobs for unreadable entries. $1 uuid[]: jobs. Returns: id, how often now.
UPDATE job SET unreadable_restores = unreadable_restores + 1 WHERE id = ANY ($1::uuid[]) AND finished_at IS NULL
RETURNING id, unreadable_restores
