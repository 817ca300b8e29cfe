-- Work that capabilities count in units of their own, such as points: what a million of them costs, how many a job was held for, and how
-- many an attempt counted. Null where a capability counts nothing.
ALTER TABLE price ADD COLUMN per_million_units bigint NOT NULL DEFAULT 0 CHECK (per_million_units >= 0);
ALTER TABLE job ADD COLUMN units_max bigint CHECK (units_max >= 0);
ALTER TABLE usage ADD COLUMN units bigint NOT NULL DEFAULT 0 CHECK (units >= 0);
