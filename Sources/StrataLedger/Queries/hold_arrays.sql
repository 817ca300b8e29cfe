-- Notes why no more tasks of arrays are made, and when they are looked at again. $1 uuid[]: arrays, $2 text[]: why,
-- $3 text[]: the same in words, $4 timestamptz[]: when. Changes nothing where all are made, or the window is full by now.
UPDATE job_array SET waiting_code = hold.code, waiting_message = hold.message, standing = 'refused',
  look_at = hold.look_at
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[]) AS hold (id, code, message, look_at)
WHERE job_array.id = hold.id AND job_array.standing <> 'full' AND job_array.next_position < job_array.tasks
