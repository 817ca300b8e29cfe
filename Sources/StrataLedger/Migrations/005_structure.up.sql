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
