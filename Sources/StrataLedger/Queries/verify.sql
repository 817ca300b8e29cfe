-- Every breach of the ledger's invariants, by reading everything. $1 bigint: at most this many.
-- Returns: rule, subject, expected, found.
WITH posting AS (
  SELECT account, sum(amount) AS net, sum(amount) FILTER (WHERE kind = 'charge') AS charged,
    -sum(amount) FILTER (WHERE kind = 'grant') AS granted
  FROM (
    SELECT debited AS account, amount, kind FROM transfer
    UNION ALL
    SELECT credited, -amount, kind FROM transfer) AS leg
  GROUP BY account
), holding AS (
  SELECT tenant AS account, sum(hold_amount) AS held FROM job WHERE finished_at IS NULL GROUP BY tenant
), replayed AS (
  SELECT account.*, coalesce(CASE kind WHEN 'tenant' THEN posting.charged ELSE posting.net END, 0) AS posted_again,
    coalesce(holding.held, 0) AS held_again,
    CASE kind WHEN 'tenant' THEN coalesce(posting.granted, 0) ELSE limit_ END AS limit_again
  FROM account LEFT JOIN posting ON posting.account = account.id LEFT JOIN holding ON holding.account = account.id
), breach (rule, subject, expected, found) AS (
  SELECT 'account_posted', id::text, posted_again::text, posted::text FROM replayed WHERE posted <> posted_again
  UNION ALL
  SELECT 'account_held', id::text, held_again::text, held::text FROM replayed WHERE held <> held_again
  UNION ALL
  SELECT 'account_limit', id::text, limit_again::text, limit_::text FROM replayed WHERE limit_ <> limit_again
  UNION ALL
  SELECT 'account_over_limit', id::text, limit_::text, (posted::numeric + held)::text FROM account
  WHERE posted::numeric + held > limit_
  UNION ALL
  SELECT 'transfer_without_account', transfer.id::text, transfer.debited::text || ' ' || transfer.credited, 'none'
  FROM transfer
  WHERE NOT EXISTS (SELECT FROM account WHERE account.id = transfer.debited)
    OR NOT EXISTS (SELECT FROM account WHERE account.id = transfer.credited)
  UNION ALL
  SELECT 'charge_over_hold', job.id::text, job.hold_amount::text, job.charged::text FROM job
  WHERE job.charged > job.hold_amount
  UNION ALL
  SELECT 'charge_not_posted', job.id::text, coalesce(job.charged, 0)::text, coalesce(charge.amount, 0)::text
  FROM job LEFT JOIN transfer AS charge ON charge.id = job.id AND charge.debited = job.tenant AND charge.kind = 'charge'
  WHERE coalesce(job.charged, 0) <> coalesce(charge.amount, 0)
  UNION ALL
  SELECT 'charge_without_job', charge.id::text, 'a job', 'none' FROM transfer AS charge
  WHERE charge.kind = 'charge' AND NOT EXISTS (SELECT FROM job WHERE job.id = charge.id)
  UNION ALL
  SELECT 'charge_without_success', job.id::text, '0', job.charged::text FROM job
  WHERE job.charged > 0 AND job.state <> 'succeeded'
  UNION ALL
  SELECT 'cost_of_job', job.id::text, coalesce(total.cost, 0)::text, job.cost::text
  FROM job LEFT JOIN (SELECT job, sum(cost) AS cost FROM usage GROUP BY job) AS total ON total.job = job.id
  WHERE job.finished_at IS NOT NULL AND job.cost IS DISTINCT FROM coalesce(total.cost, 0)
  UNION ALL
  SELECT 'usage_without_job', usage.job::text, 'a job', 'none' FROM usage
  WHERE NOT EXISTS (SELECT FROM job WHERE job.id = usage.job)
  UNION ALL
  SELECT 'blockers_of_job', job.id::text, coalesce(waits.count, 0)::text, job.blockers::text
  FROM job LEFT JOIN (SELECT job, count(*) AS count FROM dependency GROUP BY job) AS waits ON waits.job = job.id
  WHERE job.state = 'blocked' AND job.blockers <> coalesce(waits.count, 0)
  UNION ALL
  SELECT 'input_missing', job.id::text, 'all inputs', 'some awaited' FROM job
  WHERE job.awaited IS NOT NULL AND job.state IN ('queued', 'succeeded')
  UNION ALL
  SELECT 'dependant_forgotten', dependency.job::text, 'told', needed.id::text || ' ' || needed.state
  FROM dependency JOIN job AS needed ON needed.id = dependency.needs
  WHERE needed.finished_at IS NOT NULL AND NOT EXISTS (SELECT FROM resolution WHERE resolution.job = needed.id)
  UNION ALL
  SELECT 'dependant_forgotten', dependency.job::text, 'told', needed.id::text || ' array'
  FROM dependency JOIN job_array ON job_array.id = dependency.needs JOIN batch AS needed ON needed.id = job_array.id
  WHERE needed.finished_at IS NOT NULL AND NOT EXISTS (SELECT FROM resolution WHERE resolution.job = needed.id)
  UNION ALL
  SELECT 'batch_counts', batch.id::text, coalesce(counted.ends, '0 0 0 0'),
    concat_ws(' ', batch.total, batch.succeeded, batch.failed, batch.cancelled)
  FROM batch LEFT JOIN (
    SELECT batch, concat_ws(' ', count(*), count(*) FILTER (WHERE state = 'succeeded'),
      count(*) FILTER (WHERE state = 'failed'), count(*) FILTER (WHERE state = 'cancelled')) AS ends
    FROM job WHERE batch IS NOT NULL GROUP BY batch) AS counted ON counted.batch = batch.id
  WHERE coalesce(counted.ends, '0 0 0 0')
    <> concat_ws(' ', batch.total, batch.succeeded, batch.failed, batch.cancelled)
  UNION ALL
  SELECT 'key_outlives_job', claim.job::text, 'freed', claim.key FROM unique_claim AS claim
  LEFT JOIN job ON job.id = claim.job
  WHERE claim.until IS NULL AND (job.id IS NULL OR job.finished_at IS NOT NULL)
  UNION ALL
  SELECT 'array_tasks', job_array.id::text, job_array.tasks::text, (batch.total + job_array.dropped_count)::text
  FROM job_array JOIN batch ON batch.id = job_array.id
  WHERE batch.total + job_array.dropped_count > job_array.tasks
    OR job_array.next_position = job_array.tasks AND batch.total + job_array.dropped_count <> job_array.tasks
  UNION ALL
  SELECT 'array_open', job_array.id::text, (job_array.next_position < job_array.tasks)::text,
    coalesce(batch.is_open::text, 'no batch')
  FROM job_array LEFT JOIN batch ON batch.id = job_array.id
  WHERE batch.is_open IS DISTINCT FROM (job_array.next_position < job_array.tasks)
)
SELECT rule, coalesce(subject, 'none'), coalesce(expected, 'none'), coalesce(found, 'none') FROM breach LIMIT $1::bigint
