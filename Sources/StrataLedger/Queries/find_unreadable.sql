-- How often unfinished jobs were restored for unreadable entries. $1 uuid[]: jobs. Returns: id, how often.
SELECT id, unreadable_restores FROM job WHERE id = ANY ($1::uuid[]) AND finished_at IS NULL
