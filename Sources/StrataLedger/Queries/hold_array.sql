-- Notes why no more tasks of an array are made. $1 uuid: array, $2 text: why, null for nothing, $3 text: the same in
-- words. Changes nothing where all are made.
UPDATE job_array SET waiting_code = $2::text, waiting_message = $3::text
WHERE id = $1::uuid AND next_position < tasks
