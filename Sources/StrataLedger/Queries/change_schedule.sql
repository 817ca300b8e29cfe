-- Changes a schedule that is as it was read. $1 uuid, $2 uuid: tenant, $3 bigint: the revision that was read, $4…$15: as
-- insert_schedule's $3…$14, $16 timestamptz: now, $17 boolean: whether it begins anew, with $18 timestamptz: decided,
-- $19 timestamptz: next, $20 timestamptz: due. Returns: the columns of StoredSchedule; nothing where another change came
-- first.
UPDATE schedule SET revision = revision + 1, changed_at = $16::timestamptz, name = $4::text, cron = $5::text,
  time_zone = $6::text, draft = $7::json, missed = $8::text, missed_tolerance_milliseconds = $9::bigint,
  missed_limit = $10::bigint, overlap = $11::text, is_paused = $12::boolean, starts_at = $13::timestamptz,
  ends_at = $14::timestamptz, jitter_seconds = $15::bigint,
  decided_at = CASE WHEN $17::boolean THEN greatest(decided_at, $18::timestamptz) ELSE decided_at END,
  next_at = CASE WHEN $17::boolean THEN $19::timestamptz ELSE next_at END,
  due_at = CASE WHEN $17::boolean THEN $20::timestamptz ELSE due_at END
WHERE id = $1::uuid AND tenant = $2::uuid AND revision = $3::bigint
RETURNING id, tenant, name, cron, time_zone, draft, missed, missed_tolerance_milliseconds, missed_limit, overlap,
  is_paused, starts_at, ends_at, jitter_seconds, idempotency_key, revision, created_at, changed_at, decided_at, next_at,
  due_at, runs, skips, refusals, last_run_instant, last_run_at, last_run_job, last_skip_instant, last_skip_at,
  last_skip_reason, last_refusal_instant, last_refusal_at, last_refusal_code, last_refusal_message
