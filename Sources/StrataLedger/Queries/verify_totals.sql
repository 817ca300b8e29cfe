-- Returns: sum of debits, sum of credits, entries, accounts, jobs, open holds.
SELECT
  (SELECT coalesce(sum(amount), 0)::text FROM entry WHERE side = 'debit'),
  (SELECT coalesce(sum(amount), 0)::text FROM entry WHERE side = 'credit'),
  (SELECT count(*) FROM entry), (SELECT count(*) FROM account), (SELECT count(*) FROM job),
  (SELECT count(*) FROM hold WHERE state = 'open')
