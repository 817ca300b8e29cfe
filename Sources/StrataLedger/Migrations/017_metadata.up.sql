-- What owners call their jobs and find them by. Null where they say nothing, so that only what is named is in an index.
ALTER TABLE job ADD COLUMN name text, ADD COLUMN labels jsonb;
-- Also for the beginnings of names, in whatever order the database's language would put them.
CREATE INDEX job_name ON job (tenant, name text_pattern_ops, id) WHERE name IS NOT NULL;
-- Kept up with each job: put off, it would be made up for by one of them, which then waits ten times as long.
CREATE INDEX job_labels ON job USING gin (labels jsonb_path_ops) WITH (fastupdate = off) WHERE labels IS NOT NULL;
