-- Returns: sum of debits, sum of credits, entries (two for each transfer), accounts, jobs, open holds.
SELECT
  (SELECT coalesce(sum(amount), 0)::text FROM transfer JOIN account ON account.id = debited),
  (SELECT coalesce(sum(amount), 0)::text FROM transfer JOIN account ON account.id = credited),
  (SELECT 2 * count(*) FROM transfer), (SELECT count(*) FROM account), (SELECT count(*) FROM job),
  (SELECT count(*) FROM job WHERE finished_at IS NULL)
