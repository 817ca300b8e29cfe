-- Notes what became of runs. $1 uuid[]: schedules, $2 timestamptz[]: decided, $3 timestamptz[]: next,
-- $4 timestamptz[]: due, $5…$7 bigint[]: how many runs were made, skipped, refused, $8 timestamptz: now; of the last of
-- each, null for none: $9 timestamptz[], $10 uuid[]: instant and job of a run, $11 timestamptz[], $12 text[]: instant and
-- reason of a skip, $13 timestamptz[], $14 text[], $15 text[]: instant, code and message of a refusal.
UPDATE schedule SET decided_at = step.decided_at, next_at = step.next_at, due_at = step.due_at,
  runs = schedule.runs + step.runs, skips = schedule.skips + step.skips, refusals = schedule.refusals + step.refusals,
  last_run_instant = coalesce(step.run_instant, last_run_instant),
  last_run_job = coalesce(step.run_job, last_run_job),
  last_run_at = CASE WHEN step.run_job IS NULL THEN last_run_at ELSE $8::timestamptz END,
  last_skip_instant = coalesce(step.skip_instant, last_skip_instant),
  last_skip_reason = coalesce(step.skip_reason, last_skip_reason),
  last_skip_at = CASE WHEN step.skip_reason IS NULL THEN last_skip_at ELSE $8::timestamptz END,
  last_refusal_instant = coalesce(step.refusal_instant, last_refusal_instant),
  last_refusal_code = coalesce(step.refusal_code, last_refusal_code),
  last_refusal_message = coalesce(step.refusal_message, last_refusal_message),
  last_refusal_at = CASE WHEN step.refusal_code IS NULL THEN last_refusal_at ELSE $8::timestamptz END
FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[], $4::timestamptz[], $5::bigint[], $6::bigint[],
  $7::bigint[], $9::timestamptz[], $10::uuid[], $11::timestamptz[], $12::text[], $13::timestamptz[], $14::text[],
  $15::text[]) AS step (id, decided_at, next_at, due_at, runs, skips, refusals, run_instant, run_job, skip_instant,
  skip_reason, refusal_instant, refusal_code, refusal_message)
WHERE schedule.id = step.id
