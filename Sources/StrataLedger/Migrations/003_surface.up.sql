-- Why an attempt failed, so that a job's earlier failures can be seen after a later attempt succeeded.
ALTER TABLE usage ADD COLUMN error json;

-- Whether a tenant's keys may see what concerns every tenant: the whole queue, the books.
ALTER TABLE tenant ADD COLUMN is_operator boolean NOT NULL DEFAULT false;
-- The tenant that `strata up` made before there were operators.
UPDATE tenant SET is_operator = true WHERE name = 'default' AND plan = 'local';
