-- $1 uuid: an unfinished job, $2 bigint: its new priority. Returns: its id; no row where it is finished.
UPDATE job SET priority = $2::bigint WHERE id = $1::uuid AND finished_at IS NULL RETURNING id
