-- How a job may run where it cannot run as its tier and its resources say: a list of such, the preferred one first.
-- Null for one way.
ALTER TABLE job ADD COLUMN alternatives json;
