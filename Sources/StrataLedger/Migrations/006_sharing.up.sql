-- How tenants share the workers, what may run at once, and when jobs may run.

ALTER TABLE tenant
  -- All jobs of a higher class go before those of a lower one.
  ADD COLUMN priority_class smallint NOT NULL DEFAULT 4 CHECK (priority_class BETWEEN 0 AND 9),
  -- Its share beside the others of its class; 100 is ordinary.
  ADD COLUMN weight integer NOT NULL DEFAULT 100 CHECK (weight BETWEEN 1 AND 10000),
  -- The most of its jobs that may run at once; null for any number.
  ADD COLUMN running_max bigint CHECK (running_max BETWEEN 0 AND 4294967294),
  -- Nothing of it starts, whatever the limit is.
  ADD COLUMN is_paused boolean NOT NULL DEFAULT false;

-- The same for what all tenants share. What is not named here has no limit.
CREATE TABLE gate (
  kind text NOT NULL CHECK (kind IN ('capability', 'tier')),
  name text NOT NULL,
  running_max bigint CHECK (running_max BETWEEN 0 AND 4294967294),
  is_paused boolean NOT NULL DEFAULT false,
  PRIMARY KEY (kind, name)
);

ALTER TABLE job
  -- It does not run before; null for at once.
  ADD COLUMN run_at timestamptz,
  -- How long it waits before it is tried again, where its capability says so.
  ADD COLUMN retry json,
  ADD COLUMN gpu_thousandths bigint NOT NULL DEFAULT 0 CHECK (gpu_thousandths >= 0);
