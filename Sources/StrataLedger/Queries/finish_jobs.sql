-- $1 uuid[]: jobs, $2 text[]: final states, $3 timestamptz[]: finished_at, $4 json[]: errors, $5 json[]: results,
-- $6 json[]: summaries, $7 json[]: logs, $8 bigint[]: charges, $9 bigint[]: costs.
UPDATE job SET state = ending.state, blockers = 0, finished_at = ending.finished_at, error = ending.error,
  results = ending.results, summary = ending.summary, log = ending.log, charged = ending.charged, cost = ending.cost
FROM unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::json[], $5::json[], $6::json[], $7::json[], $8::bigint[],
  $9::bigint[]) AS ending (id, state, finished_at, error, results, summary, log, charged, cost)
WHERE job.id = ending.id
