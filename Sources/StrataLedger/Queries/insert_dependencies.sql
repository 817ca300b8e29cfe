-- $1 uuid[]: jobs that are waited for, $2 uuid[]: the jobs that wait, one for each.
INSERT INTO dependency (needs, job) SELECT * FROM unnest($1::uuid[], $2::uuid[])
