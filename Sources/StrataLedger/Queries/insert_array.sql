-- Stores an array and its batch. $1 uuid, $2 uuid: tenant, $3 text: idempotency key, $4 bytea: fingerprint, $5 json: draft,
-- $6 text: indexes, $7 bigint: tasks, $8 bigint: how many may run, $9 timestamptz: run_at, $10 json: span,
-- $11 bigint: the most that a task may be charged, $12 uuid: the array whose failed tasks it does again,
-- $13 timestamptz: now.
WITH opened AS (INSERT INTO batch (id, tenant, created_at) VALUES ($1::uuid, $2::uuid, $13::timestamptz))
INSERT INTO job_array (id, tenant, idempotency_key, fingerprint, draft, indexes, tasks, running_max, run_at, span,
  hold_each, retry_of, created_at)
VALUES ($1::uuid, $2::uuid, $3::text, $4::bytea, $5::json, $6::text, $7::bigint, $8::bigint, $9::timestamptz, $10::json,
  $11::bigint, $12::uuid, $13::timestamptz)
