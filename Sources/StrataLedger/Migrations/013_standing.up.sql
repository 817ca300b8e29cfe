-- Which arrays may go on, so that those are found without a look at the others; what jobs of a batch were charged and
-- hold together; and that a key is that of one schedule.

ALTER TABLE job_array
  -- What keeps its next tasks from being made, as far as is known. ready: nothing. full: its window; whoever ends so many
  -- tasks that no more than refill_at are unfinished makes it ready. poor: its tenant wants the credits for one, which
  -- hold_each says; a change of prices makes it ready. refused: anything else, until look_at.
  ADD COLUMN standing text NOT NULL DEFAULT 'ready' CHECK (standing IN ('ready', 'full', 'poor', 'refused')),
  ADD COLUMN refill_at bigint CHECK (refill_at >= 0),
  ADD COLUMN look_at timestamptz,
  ADD CONSTRAINT job_array_full CHECK (standing <> 'full' OR refill_at IS NOT NULL),
  ADD CONSTRAINT job_array_refused CHECK (standing <> 'refused' OR look_at IS NOT NULL);
CREATE INDEX job_array_ready ON job_array (id) WHERE standing = 'ready' AND next_position < tasks;
CREATE INDEX job_array_poor ON job_array (tenant, hold_each) WHERE standing = 'poor' AND next_position < tasks;
CREATE INDEX job_array_refused ON job_array (look_at) WHERE standing = 'refused' AND next_position < tasks;

ALTER TABLE batch
  -- The charges of its jobs, and the holds of those that have not ended.
  ADD COLUMN charged bigint NOT NULL DEFAULT 0,
  ADD COLUMN held bigint NOT NULL DEFAULT 0;
UPDATE batch SET charged = sums.charged, held = sums.held
FROM (
  SELECT job.batch AS id, coalesce(sum(job.charged), 0) AS charged,
    coalesce(sum(job.hold_amount) FILTER (WHERE job.finished_at IS NULL), 0) AS held
  FROM job WHERE job.batch IS NOT NULL GROUP BY job.batch
) AS sums
WHERE batch.id = sums.id;

ALTER TABLE schedule
  -- What the client asked for, digested: a repeated key must come with the same. Null for one made before this column.
  ADD COLUMN fingerprint bytea;
-- Until now a key could be that of several schedules of different names: it stays that of the first.
UPDATE schedule SET idempotency_key = NULL
WHERE EXISTS (
  SELECT FROM schedule AS first
  WHERE first.tenant = schedule.tenant AND first.idempotency_key = schedule.idempotency_key AND first.id < schedule.id);
CREATE UNIQUE INDEX schedule_idempotency ON schedule (tenant, idempotency_key) WHERE idempotency_key IS NOT NULL;
