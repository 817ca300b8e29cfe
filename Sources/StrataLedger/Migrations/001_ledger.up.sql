-- The ledger: who pays (tenant, api_key), what they asked for (job, usage), and the money (account, hold, entry, price,
-- tier_rate). Amounts are bigint micro-credits or micro-euro. A uuid holds the sixteen bytes of an identifier, which
-- sorts by creation time.
--
-- Whatever touches a job's money or state first locks the account of its tenant; house accounts sort last and are
-- locked last. That lock, not foreign keys on the busy tables, keeps their rows consistent; `verify.sql` checks it.

CREATE TABLE tenant (
  id uuid PRIMARY KEY,
  name text NOT NULL UNIQUE,
  plan text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE api_key (
  id uuid PRIMARY KEY,
  tenant uuid NOT NULL REFERENCES tenant,
  name text NOT NULL,
  -- SHA-256 of the secret; the secret itself is never stored.
  hash bytea NOT NULL UNIQUE CHECK (octet_length(hash) = 32),
  -- The first characters of the secret, so that a person can tell keys apart.
  prefix text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  revoked_at timestamptz
);
CREATE INDEX api_key_tenant ON api_key (tenant, id);

-- A tenant's account has the tenant's own identifier. What it may spend is limit_ - posted - held.
CREATE TABLE account (
  id uuid PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('tenant', 'house')),
  name text NOT NULL,
  -- Tenant: credits charged. House: debits less credits.
  posted bigint NOT NULL DEFAULT 0,
  -- The sum of open holds.
  held bigint NOT NULL DEFAULT 0 CHECK (held >= 0),
  -- Tenant: credits granted. House: no limit.
  limit_ bigint NOT NULL,
  CONSTRAINT account_within_limit CHECK (posted::numeric + held <= limit_)
) WITH (fillfactor = 50);

INSERT INTO account (id, kind, name, limit_) VALUES
  ('ffffffff-ffff-ffff-ffff-000000000001', 'house', 'issued', 9223372036854775807),
  ('ffffffff-ffff-ffff-ffff-000000000002', 'house', 'revenue', 9223372036854775807);

CREATE TABLE job (
  id uuid PRIMARY KEY,
  tenant uuid NOT NULL,
  capability text NOT NULL,
  version integer NOT NULL,
  sold_as text NOT NULL,
  price_version integer NOT NULL,
  tier text NOT NULL,
  priority smallint NOT NULL,
  attempts_max integer NOT NULL CHECK (attempts_max > 0),
  -- json, not jsonb: the text is kept as it was checked, and a \u0000 in it is not an error.
  params json NOT NULL,
  inputs json NOT NULL,
  timeout_seconds bigint NOT NULL,
  cpu_millicores bigint NOT NULL,
  memory_bytes bigint NOT NULL,
  state text NOT NULL CHECK
    (state IN ('blocked', 'scheduled', 'queued', 'running', 'succeeded', 'failed', 'cancelled')),
  idempotency_key text,
  -- What the client asked for, digested: a repeated key must come with the same.
  fingerprint bytea NOT NULL,
  hold_amount bigint NOT NULL CHECK (hold_amount >= 0),
  created_at timestamptz NOT NULL,
  finished_at timestamptz,
  error json,
  results json,
  summary json,
  log json,
  charged bigint CHECK (charged BETWEEN 0 AND hold_amount),
  cost bigint,
  CONSTRAINT job_finished CHECK
    ((state IN ('succeeded', 'failed', 'cancelled')) = (finished_at IS NOT NULL AND charged IS NOT NULL))
);
CREATE UNIQUE INDEX job_idempotency ON job (tenant, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX job_tenant ON job (tenant, id);
CREATE INDEX job_unfinished ON job (id) WHERE finished_at IS NULL;

-- A reservation: open, then settled or voided, once.
CREATE TABLE hold (
  job uuid PRIMARY KEY,
  account uuid NOT NULL,
  amount bigint NOT NULL CHECK (amount >= 0),
  state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'settled', 'voided')),
  charged bigint CHECK (charged BETWEEN 0 AND amount),
  closed_at timestamptz,
  CONSTRAINT hold_closed CHECK ((state = 'open') = (closed_at IS NULL AND charged IS NULL))
) WITH (fillfactor = 70);

CREATE FUNCTION hold_closes_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'hold of job % is closed', OLD.job USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER hold_closes_once BEFORE UPDATE ON hold
  FOR EACH ROW WHEN (OLD.state <> 'open') EXECUTE FUNCTION hold_closes_once();

-- Double entry. (transaction, leg) is the idempotency key of a leg; a charge's transaction is its job's identifier, so
-- that a second charge of one job cannot be written.
CREATE TABLE entry (
  sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  transaction uuid NOT NULL,
  leg smallint NOT NULL,
  account uuid NOT NULL,
  side text NOT NULL CHECK (side IN ('debit', 'credit')),
  amount bigint NOT NULL CHECK (amount > 0),
  -- A charge moves a tenant's posted, a grant its limit_.
  kind text NOT NULL CHECK (kind IN ('charge', 'grant')),
  at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (transaction, leg)
);
CREATE INDEX entry_account ON entry (account, sequence);

CREATE FUNCTION entry_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'entries are append-only' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER entry_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON entry
  FOR EACH STATEMENT EXECUTE FUNCTION entry_is_append_only();

-- All legs of a transaction are written by one statement, and balance.
CREATE FUNCTION entry_balances() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (
    SELECT FROM added GROUP BY transaction
    HAVING sum(amount) FILTER (WHERE side = 'debit') IS DISTINCT FROM sum(amount) FILTER (WHERE side = 'credit')
  ) THEN
    RAISE EXCEPTION 'debits and credits differ' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER entry_balances AFTER INSERT ON entry
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION entry_balances();

-- One row per attempt that ended.
CREATE TABLE usage (
  job uuid NOT NULL,
  token bigint NOT NULL,
  tenant uuid NOT NULL,
  worker uuid,
  ending text NOT NULL CHECK (ending IN ('succeeded', 'failed', 'cancelled', 'released', 'expired')),
  tier text NOT NULL,
  cpu_microseconds bigint NOT NULL CHECK (cpu_microseconds >= 0),
  wall_microseconds bigint NOT NULL CHECK (wall_microseconds >= 0),
  memory_peak_bytes bigint NOT NULL CHECK (memory_peak_bytes >= 0),
  -- Micro-euro, at the tier's rate of the moment.
  cost bigint NOT NULL CHECK (cost >= 0),
  started_at timestamptz,
  ended_at timestamptz NOT NULL,
  PRIMARY KEY (job, token)
);
CREATE INDEX usage_token ON usage (token);
CREATE INDEX usage_tenant ON usage (tenant, ended_at);

-- Versioned: a job keeps the version it was admitted at.
CREATE TABLE price (
  name text NOT NULL,
  version integer NOT NULL,
  per_job bigint NOT NULL CHECK (per_job >= 0),
  per_cpu_second bigint NOT NULL CHECK (per_cpu_second >= 0),
  valid_from timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (name, version)
);

CREATE TABLE tier_rate (
  tier text NOT NULL,
  version integer NOT NULL,
  cpu_hour bigint NOT NULL CHECK (cpu_hour >= 0),
  memory_gibibyte_hour bigint NOT NULL CHECK (memory_gibibyte_hour >= 0),
  wall_hour bigint NOT NULL CHECK (wall_hour >= 0),
  valid_from timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tier, version)
);

-- Each rebuild of the queue gets a number greater than all before it.
CREATE SEQUENCE queue_generation AS bigint;
