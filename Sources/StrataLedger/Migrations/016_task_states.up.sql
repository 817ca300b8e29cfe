-- Tasks of an array that ended in one way are found without a look at the others, of which there may be a million.
CREATE INDEX job_batch_ended ON job (batch, state, id) WHERE batch IS NOT NULL AND finished_at IS NOT NULL;
-- What it was for is a part of that.
DROP INDEX job_batch_failed;
