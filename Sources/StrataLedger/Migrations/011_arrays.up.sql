-- Arrays: one submission of up to a million tasks. An array is a batch whose jobs are made as there is room for them: what
-- is counted of its tasks is counted in its row of `batch`, which has the array's identifier and is closed with its last
-- task. Everything here changes under the lock of the tenant's account.
CREATE TABLE job_array (
  id uuid PRIMARY KEY,
  tenant uuid NOT NULL,
  idempotency_key text,
  -- What the client asked for, digested: a repeated key must come with the same.
  fingerprint bytea NOT NULL,
  -- The job that each task is, as a schedule keeps its own.
  draft json NOT NULL,
  -- The indexes of its tasks, ascending: 0-99,200-300:5.
  indexes text NOT NULL,
  tasks bigint NOT NULL CHECK (tasks BETWEEN 1 AND 1048575),
  -- How many of its tasks may run at once; null for as many as there are made.
  running_max bigint CHECK (running_max > 0),
  -- No task runs before; null for at once.
  run_at timestamptz,
  -- What its tasks are told of it: how many there are, the first and the last index.
  span json NOT NULL,
  -- The most that a task may be charged, when it was last found out.
  hold_each bigint NOT NULL CHECK (hold_each >= 0),
  -- Positions before it are made, or were dropped; the one at it is neither.
  next_position bigint NOT NULL DEFAULT 0,
  -- Positions that were cancelled before they were made: 5-9,20.
  dropped text NOT NULL DEFAULT '',
  dropped_count bigint NOT NULL DEFAULT 0,
  -- Why no more tasks are made although there is room; null where nothing is in the way.
  waiting_code text,
  waiting_message text,
  -- The array of which this one does the failed tasks again; each is done again once.
  retry_of uuid,
  created_at timestamptz NOT NULL,
  CONSTRAINT job_array_positions CHECK (next_position BETWEEN 0 AND tasks AND dropped_count BETWEEN 0 AND tasks)
) WITH (fillfactor = 50);
CREATE UNIQUE INDEX job_array_idempotency ON job_array (tenant, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE UNIQUE INDEX job_array_retry ON job_array (retry_of) WHERE retry_of IS NOT NULL;
CREATE INDEX job_array_tenant ON job_array (tenant, id);
CREATE INDEX job_array_pending ON job_array (id) WHERE next_position < tasks;

ALTER TABLE job
  -- Which task of which array it is; null for a job that stands for itself.
  ADD COLUMN task json;
CREATE INDEX job_batch_failed ON job (batch, id) WHERE batch IS NOT NULL AND state = 'failed';
CREATE INDEX job_batch_unfinished ON job (batch, id) WHERE batch IS NOT NULL AND finished_at IS NULL;
