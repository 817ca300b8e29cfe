-- How jobs stand to others. Everything here concerns jobs of one tenant, and changes under the lock of its account.

-- What a job waits for. A blocked job is here and nowhere else: no queue holds it.
ALTER TABLE job
  -- The jobs it was submitted to run after, a list of their identifiers' texts; null for none.
  ADD COLUMN after json,
  -- What becomes of it when one of them does not succeed.
  ADD COLUMN on_dependency text CHECK (on_dependency IN ('fail', 'skip', 'run')),
  -- How many of them it still waits for: its rows in `dependency`.
  ADD COLUMN blockers integer NOT NULL DEFAULT 0 CHECK (blockers >= 0),
  ADD CONSTRAINT job_blocked CHECK ((state = 'blocked') = (blockers > 0));

-- `job` waits for `needs`. A row goes when `needs` has ended and that has been told to `job`.
CREATE TABLE dependency (
  needs uuid NOT NULL,
  job uuid NOT NULL,
  PRIMARY KEY (needs, job)
);

-- Jobs that have ended and whose dependants have not all been told: what is left to do where one transaction would have
-- had to do too much.
CREATE TABLE resolution (
  job uuid PRIMARY KEY
);

-- Jobs that are watched as one. Its counts are kept by the transactions that admit and end its jobs.
CREATE TABLE batch (
  id uuid PRIMARY KEY,
  tenant uuid NOT NULL,
  idempotency_key text,
  -- Whether jobs may still join it. It is finished when it is closed and all its jobs have ended.
  is_open boolean NOT NULL DEFAULT true,
  total bigint NOT NULL DEFAULT 0,
  succeeded bigint NOT NULL DEFAULT 0,
  failed bigint NOT NULL DEFAULT 0,
  cancelled bigint NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL,
  finished_at timestamptz,
  CONSTRAINT batch_counts CHECK (succeeded + failed + cancelled <= total),
  CONSTRAINT batch_finished CHECK
    ((finished_at IS NOT NULL) = (NOT is_open AND succeeded + failed + cancelled = total))
) WITH (fillfactor = 50);
CREATE UNIQUE INDEX batch_idempotency ON batch (tenant, idempotency_key) WHERE idempotency_key IS NOT NULL;

-- Which job of a tenant holds a key. Of two that would, the primary key lets one.
CREATE TABLE unique_claim (
  tenant uuid NOT NULL,
  key text NOT NULL,
  job uuid NOT NULL,
  -- Null: until the job has ended; its end deletes the row.
  until timestamptz,
  PRIMARY KEY (tenant, key)
);
CREATE INDEX unique_claim_until ON unique_claim (until) WHERE until IS NOT NULL;

ALTER TABLE job
  ADD COLUMN batch uuid,
  ADD COLUMN unique_key text,
  -- How long from its acceptance it holds the key; null: until it has ended.
  ADD COLUMN unique_seconds bigint,
  -- The ended job that this one does again; each is done again once.
  ADD COLUMN retry_of uuid;
CREATE INDEX job_batch ON job (batch, id) WHERE batch IS NOT NULL;
CREATE UNIQUE INDEX job_retry ON job (retry_of) WHERE retry_of IS NOT NULL;
CREATE INDEX job_unsuccessful ON job (tenant, id) WHERE state IN ('failed', 'cancelled');
