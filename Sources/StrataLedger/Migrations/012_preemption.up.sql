-- Jobs that may be ended so that others of higher classes have their room.

ALTER TABLE job
  -- How long it has to save what it has, and by which signal it is told; null for one that may not be preempted.
  ADD COLUMN preemption json;

ALTER TABLE usage
  DROP CONSTRAINT usage_ending_check,
  ADD CONSTRAINT usage_ending_check
    CHECK (ending IN ('succeeded', 'failed', 'cancelled', 'released', 'preempted', 'expired')),
  -- The class of the job that an attempt was preempted for.
  ADD COLUMN preempted_by smallint CHECK (preempted_by BETWEEN 0 AND 9),
  ADD CONSTRAINT usage_preempted_by CHECK (preempted_by IS NULL OR ending = 'preempted');

ALTER TABLE queue_policy
  -- How long a job waits before others of lower classes are ended for it, in milliseconds; 0 for ever.
  ADD COLUMN preempt_after bigint CHECK (preempt_after >= 0);
