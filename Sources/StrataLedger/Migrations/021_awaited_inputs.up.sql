-- Inputs that other jobs are still to make: see AwaitedInputs. Null once all are known, and then `inputs` has them.
ALTER TABLE job ADD COLUMN awaited json;
