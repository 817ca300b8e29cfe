-- Schedules of which a run is due, the longest due first. $1 timestamptz: now, $2 bigint: at most.
-- Returns: the columns of StoredSchedule.
SELECT id, tenant, name, cron, time_zone, draft, missed, missed_tolerance_milliseconds, missed_limit, overlap,
  is_paused, starts_at, ends_at, jitter_seconds, idempotency_key, revision, created_at, changed_at, decided_at, next_at,
  due_at, runs, skips, refusals, last_run_instant, last_run_at, last_run_job, last_skip_instant, last_skip_at,
  last_skip_reason, last_refusal_instant, last_refusal_at, last_refusal_code, last_refusal_message
FROM schedule WHERE due_at <= $1::timestamptz ORDER BY due_at, id LIMIT $2::bigint
