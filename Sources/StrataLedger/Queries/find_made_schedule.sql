-- The schedule that was made by a key. $1 uuid: tenant, $2 text: key. Returns: its fingerprint, null for none; the
-- columns of StoredSchedule.
SELECT fingerprint, id, tenant, name, cron, time_zone, draft, missed, missed_tolerance_milliseconds, missed_limit, overlap,
  is_paused, starts_at, ends_at, jitter_seconds, idempotency_key, revision, created_at, changed_at, decided_at, next_at,
  due_at, runs, skips, refusals, last_run_instant, last_run_at, last_run_job, last_skip_instant, last_skip_at,
  last_skip_reason, last_refusal_instant, last_refusal_at, last_refusal_code, last_refusal_message
FROM schedule WHERE tenant = $1::uuid AND idempotency_key = $2::text
