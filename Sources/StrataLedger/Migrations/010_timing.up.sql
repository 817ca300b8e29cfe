-- How many jobs may start in a time, when a job has to have started, and what an operator wants of the queue's order.

ALTER TABLE tenant
  -- So many of its jobs may start in so many seconds, at most so many at once; all null for any number.
  ADD COLUMN rate_count bigint, ADD COLUMN rate_seconds bigint, ADD COLUMN rate_burst bigint,
  ADD CONSTRAINT tenant_rate_is_whole CHECK (
    (rate_count IS NULL AND rate_seconds IS NULL AND rate_burst IS NULL)
    OR (rate_count > 0 AND rate_seconds > 0 AND rate_burst > 0));

ALTER TABLE gate
  ADD COLUMN rate_count bigint, ADD COLUMN rate_seconds bigint, ADD COLUMN rate_burst bigint,
  ADD CONSTRAINT gate_rate_is_whole CHECK (
    (rate_count IS NULL AND rate_seconds IS NULL AND rate_burst IS NULL)
    OR (rate_count > 0 AND rate_seconds > 0 AND rate_burst > 0));

ALTER TABLE job
  -- It fails where no attempt of it has begun by then; null for never.
  ADD COLUMN start_by timestamptz;

-- At most one row: what it does not say is as the program has it. All in milliseconds, 0 for never.
CREATE TABLE queue_policy (
  only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
  keep_room_after bigint CHECK (keep_room_after >= 0),
  keep_room_for bigint CHECK (keep_room_for > 0),
  class_patience bigint CHECK (class_patience >= 0),
  priority_ageing bigint CHECK (priority_ageing >= 0)
);
