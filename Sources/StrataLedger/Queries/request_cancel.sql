-- Notes that the owner of a job wants it cancelled. $1 uuid: job.
UPDATE job SET cancel_requested = true WHERE id = $1::uuid AND finished_at IS NULL
