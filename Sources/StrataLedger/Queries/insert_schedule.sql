-- Stores a schedule unless the tenant has $20 bigint of them already. $1 uuid, $2 uuid: tenant, $3 text: name,
-- $4 text: cron, $5 text: time zone, $6 json: draft, $7 text: missed, $8 bigint: its tolerance, $9 bigint: its limit,
-- $10 text: overlap, $11 boolean: paused, $12 timestamptz: starts, $13 timestamptz: ends, $14 bigint: jitter,
-- $15 text: idempotency key, $16 timestamptz: now, $17 timestamptz: decided, $18 timestamptz: next,
-- $19 timestamptz: due, $21 bytea: fingerprint. Returns: the columns of StoredSchedule.
INSERT INTO schedule (id, tenant, name, cron, time_zone, draft, missed, missed_tolerance_milliseconds, missed_limit,
  overlap, is_paused, starts_at, ends_at, jitter_seconds, idempotency_key, created_at, changed_at, decided_at, next_at,
  due_at, fingerprint)
SELECT $1::uuid, $2::uuid, $3::text, $4::text, $5::text, $6::json, $7::text, $8::bigint, $9::bigint, $10::text,
  $11::boolean, $12::timestamptz, $13::timestamptz, $14::bigint, $15::text, $16::timestamptz, $16::timestamptz,
  $17::timestamptz, $18::timestamptz, $19::timestamptz, $21::bytea
WHERE (SELECT count(*) FROM schedule WHERE tenant = $2::uuid) < $20::bigint
RETURNING id, tenant, name, cron, time_zone, draft, missed, missed_tolerance_milliseconds, missed_limit, overlap,
  is_paused, starts_at, ends_at, jitter_seconds, idempotency_key, revision, created_at, changed_at, decided_at, next_at,
  due_at, runs, skips, refusals, last_run_instant, last_run_at, last_run_job, last_skip_instant, last_skip_at,
  last_skip_reason, last_refusal_instant, last_refusal_at, last_refusal_code, last_refusal_message
