-- The tasks of an array that are made and have not ended. $1 uuid: its batch. Returns: id.
SELECT id FROM job WHERE batch = $1::uuid AND finished_at IS NULL ORDER BY id
