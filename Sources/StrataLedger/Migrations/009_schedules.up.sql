-- Recurring jobs: what is to be submitted again and again, when, and what became of the last times.
CREATE TABLE schedule (
  id uuid PRIMARY KEY,
  tenant uuid NOT NULL REFERENCES tenant,
  name text NOT NULL,
  cron text NOT NULL,
  time_zone text NOT NULL,
  -- The job as its owner wants it. json, not jsonb: the text is kept as it was checked.
  draft json NOT NULL,
  -- What becomes of runs that nobody was there for.
  missed text NOT NULL CHECK (missed IN ('skip', 'once', 'all')),
  missed_tolerance_milliseconds bigint CHECK (missed_tolerance_milliseconds >= 0),
  missed_limit bigint CHECK (missed_limit > 0),
  overlap text NOT NULL CHECK (overlap IN ('allow', 'skip')),
  is_paused boolean NOT NULL,
  starts_at timestamptz,
  ends_at timestamptz,
  jitter_seconds bigint NOT NULL DEFAULT 0 CHECK (jitter_seconds >= 0),
  idempotency_key text,
  -- Grows with every change of the above: who decided by an older one decided in vain.
  revision bigint NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  changed_at timestamptz NOT NULL,
  -- Every instant up to it has its job, or was decided to have none.
  decided_at timestamptz NOT NULL,
  -- The next instant after it, and when its job is to be made; null where there is none, and while it is paused.
  next_at timestamptz,
  due_at timestamptz,
  -- What became of its runs so far.
  runs bigint NOT NULL DEFAULT 0,
  skips bigint NOT NULL DEFAULT 0,
  refusals bigint NOT NULL DEFAULT 0,
  last_run_instant timestamptz,
  last_run_at timestamptz,
  last_run_job uuid,
  last_skip_instant timestamptz,
  last_skip_at timestamptz,
  last_skip_reason text,
  last_refusal_instant timestamptz,
  last_refusal_at timestamptz,
  last_refusal_code text,
  last_refusal_message text,
  CONSTRAINT schedule_missed CHECK (
    (missed = 'skip') = (missed_tolerance_milliseconds IS NOT NULL) AND (missed = 'all') = (missed_limit IS NOT NULL)),
  CONSTRAINT schedule_paused CHECK (NOT (is_paused AND due_at IS NOT NULL))
);
CREATE UNIQUE INDEX schedule_name ON schedule (tenant, name);
CREATE INDEX schedule_due ON schedule (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX schedule_tenant ON schedule (tenant, id);

ALTER TABLE job
  -- The schedule that it was made by. It stays when the schedule is deleted.
  ADD COLUMN schedule uuid,
  -- The instant of the schedule that it stands for; null for one that was asked for beside them.
  ADD COLUMN schedule_instant timestamptz;
-- One job for an instant, whoever else would make it.
CREATE UNIQUE INDEX job_schedule_instant ON job (schedule, schedule_instant) WHERE schedule_instant IS NOT NULL;
CREATE INDEX job_schedule ON job (schedule, id) WHERE schedule IS NOT NULL;
CREATE INDEX job_schedule_unfinished ON job (schedule) WHERE schedule IS NOT NULL AND finished_at IS NULL;
