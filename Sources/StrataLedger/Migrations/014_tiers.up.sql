-- The tiers that jobs may ask for, and what they may ask of them. What they cost is in tier_rate.

CREATE TABLE tier (
  name text PRIMARY KEY,
  -- What a worker of it will have that has not started yet; all null where nobody has said.
  cpu_millicores bigint CHECK (cpu_millicores > 0),
  memory_bytes bigint CHECK (memory_bytes > 0),
  gpu_thousandths bigint CHECK (gpu_thousandths >= 0),
  CONSTRAINT tier_size_is_whole CHECK (num_nonnulls(cpu_millicores, memory_bytes, gpu_thousandths) IN (0, 3))
);

-- The sizes of the workers that were seen serving a tier.
CREATE TABLE tier_worker (
  tier text NOT NULL REFERENCES tier (name) ON DELETE CASCADE,
  cpu_millicores bigint NOT NULL CHECK (cpu_millicores >= 0),
  memory_bytes bigint NOT NULL CHECK (memory_bytes >= 0),
  gpu_thousandths bigint NOT NULL CHECK (gpu_thousandths >= 0),
  -- When one of this size was there last.
  seen_at timestamptz NOT NULL,
  PRIMARY KEY (tier, cpu_millicores, memory_bytes, gpu_thousandths)
);

-- Until now a tier was known by its rates alone.
INSERT INTO tier (name) SELECT DISTINCT tier FROM tier_rate;
