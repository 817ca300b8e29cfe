-- $1 uuid[]: jobs that were waited for, $2 uuid[]: the jobs that waited, one for each.
DELETE FROM dependency USING unnest($1::uuid[], $2::uuid[]) AS told (needs, job)
WHERE dependency.needs = told.needs AND dependency.job = told.job
