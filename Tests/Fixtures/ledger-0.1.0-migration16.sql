--- advance_array
-- Notes what has become of an array's tasks. $1 uuid: array, $2 bigint: the next position, $3 text: dropped positions,
-- $4 bigint: how many those are, $5 text: why no more are made, null for nothing, $6 text: the same in words,
-- $7 bigint: the most that a task may be charged, null for as it was, $8 text: its standing, null for full or ready, as
-- its tasks are, $9 bigint: how many of them are unfinished at most when more are made, null for as it was,
-- $10 timestamptz: when one that is refused is looked at again.
UPDATE job_array SET next_position = $2::bigint, dropped = $3::text, dropped_count = $4::bigint,
  waiting_code = $5::text, waiting_message = $6::text, hold_each = coalesce($7::bigint, hold_each),
  standing = coalesce($8::text, CASE
    WHEN batch.total - batch.succeeded - batch.failed - batch.cancelled > $9::bigint THEN 'full' ELSE 'ready' END),
  refill_at = coalesce($9::bigint, refill_at), look_at = $10::timestamptz
FROM batch
WHERE job_array.id = $1::uuid AND batch.id = job_array.id
--- advance_schedules
-- Notes what became of runs. $1 uuid[]: schedules, $2 timestamptz[]: decided, $3 timestamptz[]: next,
-- $4 timestamptz[]: due, $5…$7 bigint[]: how many runs were made, skipped, refused, $8 timestamptz: now; of the last of
-- each, null for none: $9 timestamptz[], $10 uuid[]: instant and job of a run, $11 timestamptz[], $12 text[]: instant and
-- reason of a skip, $13 timestamptz[], $14 text[], $15 text[]: instant, code and message of a refusal.
UPDATE schedule SET decided_at = step.decided_at, next_at = step.next_at, due_at = step.due_at,
  runs = schedule.runs + step.runs, skips = schedule.skips + step.skips, refusals = schedule.refusals + step.refusals,
  last_run_instant = coalesce(step.run_instant, last_run_instant),
  last_run_job = coalesce(step.run_job, last_run_job),
  last_run_at = CASE WHEN step.run_job IS NULL THEN last_run_at ELSE $8::timestamptz END,
  last_skip_instant = coalesce(step.skip_instant, last_skip_instant),
  last_skip_reason = coalesce(step.skip_reason, last_skip_reason),
  last_skip_at = CASE WHEN step.skip_reason IS NULL THEN last_skip_at ELSE $8::timestamptz END,
  last_refusal_instant = coalesce(step.refusal_instant, last_refusal_instant),
  last_refusal_code = coalesce(step.refusal_code, last_refusal_code),
  last_refusal_message = coalesce(step.refusal_message, last_refusal_message),
  last_refusal_at = CASE WHEN step.refusal_code IS NULL THEN last_refusal_at ELSE $8::timestamptz END
FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[], $4::timestamptz[], $5::bigint[], $6::bigint[],
  $7::bigint[], $9::timestamptz[], $10::uuid[], $11::timestamptz[], $12::text[], $13::timestamptz[], $14::text[],
  $15::text[]) AS step (id, decided_at, next_at, due_at, runs, skips, refusals, run_instant, run_job, skip_instant,
  skip_reason, refusal_instant, refusal_code, refusal_message)
WHERE schedule.id = step.id
--- authenticate
-- $1 bytea: a secret. Returns: tenant, key, tenant's name, plan, whether it is an operator.
SELECT tenant.id, api_key.id, tenant.name, tenant.plan, tenant.is_operator
FROM api_key JOIN tenant ON tenant.id = api_key.tenant
WHERE api_key.hash = sha256($1::bytea) AND api_key.revoked_at IS NULL
--- change_gate
-- $1 text: kind, $2 text: name; $3 boolean: whether its limit becomes $4 bigint (null for none); $5 boolean: whether it is
-- paused, null leaves that as it is; $6 boolean: whether its rate becomes $7 bigint in $8 bigint seconds, at most $9 bigint
-- at once (all null for none). Returns: kind, name, running_max, is_paused, rate_count, rate_seconds, rate_burst.
INSERT INTO gate (kind, name, running_max, is_paused, rate_count, rate_seconds, rate_burst)
VALUES ($1::text, $2::text, CASE WHEN $3::boolean THEN $4::bigint END, coalesce($5::boolean, false), $7::bigint,
  $8::bigint, $9::bigint)
ON CONFLICT (kind, name) DO UPDATE SET
  running_max = CASE WHEN $3::boolean THEN $4::bigint ELSE gate.running_max END,
  is_paused = coalesce($5::boolean, gate.is_paused),
  rate_count = CASE WHEN $6::boolean THEN $7::bigint ELSE gate.rate_count END,
  rate_seconds = CASE WHEN $6::boolean THEN $8::bigint ELSE gate.rate_seconds END,
  rate_burst = CASE WHEN $6::boolean THEN $9::bigint ELSE gate.rate_burst END
RETURNING kind, name, running_max, is_paused, rate_count, rate_seconds, rate_burst
--- change_priority
-- $1 uuid: an unfinished job, $2 bigint: its new priority. Returns: its id; no row where it is finished.
UPDATE job SET priority = $2::bigint WHERE id = $1::uuid AND finished_at IS NULL RETURNING id
--- change_queue_policy
-- $1…$5 bigint: the columns of queue_policy, in milliseconds; null leaves one as it is.
INSERT INTO queue_policy (keep_room_after, keep_room_for, class_patience, priority_ageing, preempt_after)
VALUES ($1::bigint, $2::bigint, $3::bigint, $4::bigint, $5::bigint)
ON CONFLICT (only_one) DO UPDATE SET
  keep_room_after = coalesce($1::bigint, queue_policy.keep_room_after),
  keep_room_for = coalesce($2::bigint, queue_policy.keep_room_for),
  class_patience = coalesce($3::bigint, queue_policy.class_patience),
  priority_ageing = coalesce($4::bigint, queue_policy.priority_ageing),
  preempt_after = coalesce($5::bigint, queue_policy.preempt_after)
--- change_rates
-- Adds a version to the rates of $1 text tier, where it differs from the one in force: $2 bigint cpu_hour, $3 bigint
-- memory_gibibyte_hour, $4 bigint wall_hour; null leaves one as it is.
INSERT INTO tier_rate (tier, version, cpu_hour, memory_gibibyte_hour, wall_hour, valid_from)
SELECT old.tier, old.version + 1, coalesce($2::bigint, old.cpu_hour),
  coalesce($3::bigint, old.memory_gibibyte_hour), coalesce($4::bigint, old.wall_hour), clock_timestamp()
FROM (SELECT * FROM tier_rate WHERE tier = $1::text ORDER BY version DESC LIMIT 1) AS old
WHERE (coalesce($2::bigint, old.cpu_hour), coalesce($3::bigint, old.memory_gibibyte_hour),
  coalesce($4::bigint, old.wall_hour)) <> (old.cpu_hour, old.memory_gibibyte_hour, old.wall_hour)
--- change_schedule
-- Changes a schedule that is as it was read. $1 uuid, $2 uuid: tenant, $3 bigint: the revision that was read, $4…$15: as
-- insert_schedule's $3…$14, $16 timestamptz: now, $17 boolean: whether it begins anew, with $18 timestamptz: decided,
-- $19 timestamptz: next, $20 timestamptz: due. Returns: the columns of StoredSchedule; nothing where another change came
-- first.
UPDATE schedule SET revision = revision + 1, changed_at = $16::timestamptz, name = $4::text, cron = $5::text,
  time_zone = $6::text, draft = $7::json, missed = $8::text, missed_tolerance_milliseconds = $9::bigint,
  missed_limit = $10::bigint, overlap = $11::text, is_paused = $12::boolean, starts_at = $13::timestamptz,
  ends_at = $14::timestamptz, jitter_seconds = $15::bigint,
  decided_at = CASE WHEN $17::boolean THEN greatest(decided_at, $18::timestamptz) ELSE decided_at END,
  next_at = CASE WHEN $17::boolean THEN $19::timestamptz ELSE next_at END,
  due_at = CASE WHEN $17::boolean THEN $20::timestamptz ELSE due_at END
WHERE id = $1::uuid AND tenant = $2::uuid AND revision = $3::bigint
RETURNING id, tenant, name, cron, time_zone, draft, missed, missed_tolerance_milliseconds, missed_limit, overlap,
  is_paused, starts_at, ends_at, jitter_seconds, idempotency_key, revision, created_at, changed_at, decided_at, next_at,
  due_at, runs, skips, refusals, last_run_instant, last_run_at, last_run_job, last_skip_instant, last_skip_at,
  last_skip_reason, last_refusal_instant, last_refusal_at, last_refusal_code, last_refusal_message
--- change_sharing
-- $1 text: a tenant's name; null leaves as it is: $2 bigint: class, $3 bigint: weight; $4 boolean: whether its limit
-- becomes $5 bigint (null for none); $6 boolean: whether it is paused, null leaves that as it is; $7 boolean: whether its
-- rate becomes $8 bigint in $9 bigint seconds, at most $10 bigint at once (all null for none).
-- Returns: the columns of Tenant.
UPDATE tenant SET priority_class = coalesce($2::bigint, priority_class), weight = coalesce($3::bigint, weight),
  running_max = CASE WHEN $4::boolean THEN $5::bigint ELSE running_max END,
  is_paused = coalesce($6::boolean, is_paused),
  rate_count = CASE WHEN $7::boolean THEN $8::bigint ELSE rate_count END,
  rate_seconds = CASE WHEN $7::boolean THEN $9::bigint ELSE rate_seconds END,
  rate_burst = CASE WHEN $7::boolean THEN $10::bigint ELSE rate_burst END, sharing_changed_at = now()
WHERE name = $1::text
RETURNING id, name, plan, created_at, is_operator, priority_class, weight, running_max, is_paused, rate_count,
  rate_seconds, rate_burst
--- change_tier
-- Makes a tier known. $1 text: name; $2 boolean: whether its declared size becomes $3 bigint millicores, $4 bigint bytes of
-- memory and $5 bigint thousandths of GPUs (all null for none).
INSERT INTO tier (name, cpu_millicores, memory_bytes, gpu_thousandths)
VALUES ($1::text, $3::bigint, $4::bigint, $5::bigint)
ON CONFLICT (name) DO UPDATE SET
  cpu_millicores = CASE WHEN $2::boolean THEN $3::bigint ELSE tier.cpu_millicores END,
  memory_bytes = CASE WHEN $2::boolean THEN $4::bigint ELSE tier.memory_bytes END,
  gpu_thousandths = CASE WHEN $2::boolean THEN $5::bigint ELSE tier.gpu_thousandths END
--- claim_artifact_store
-- $1 text: the identity of an artifact store. Returns that of the store this database belongs with: the one given where
-- none was known.
INSERT INTO artifact_store (identity) VALUES ($1::text)
ON CONFLICT (is_only) DO UPDATE SET identity = artifact_store.identity
RETURNING identity
--- claim_keys
-- Gives keys to jobs, taking them from those that hold them no longer. $1 uuid[]: tenants, $2 text[]: keys,
-- $3 uuid[]: jobs, $4 timestamptz[]: until when, null until the job has ended. Each key at most once.
INSERT INTO unique_claim (tenant, key, job, until)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::timestamptz[])
ON CONFLICT (tenant, key) DO UPDATE SET job = EXCLUDED.job, until = EXCLUDED.until
--- clear_resolutions
-- Strikes out those of some ended jobs for which nobody waits any more. $1 uuid[]: jobs.
DELETE FROM resolution
WHERE job = ANY ($1::uuid[]) AND NOT EXISTS (SELECT FROM dependency WHERE dependency.needs = resolution.job)
--- close_batch
-- Lets no more jobs join a batch, and finishes it if all have ended. $1 uuid: batch, $2 uuid: tenant.
-- Returns: the columns of StoredBatch.
UPDATE batch SET is_open = false,
  finished_at = CASE WHEN succeeded + failed + cancelled = total THEN coalesce(finished_at, now()) END
WHERE id = $1::uuid AND tenant = $2::uuid
RETURNING id, tenant, is_open, total, succeeded, failed, cancelled, created_at, finished_at
--- close_holds
-- Settles holds (a charge, which may be zero) or voids them (null). $1 uuid[]: jobs, $2 bigint[]: charges.
UPDATE hold SET state = CASE WHEN ending.charge IS NULL THEN 'voided' ELSE 'settled' END,
  charged = coalesce(ending.charge, 0), closed_at = now()
FROM unnest($1::uuid[], $2::bigint[]) AS ending (job, charge)
WHERE hold.job = ending.job
--- count_batches
-- Counts ended jobs of batches, and finishes the batches that are closed and have no others; an array whose window has
-- room by that may go on. $1 uuid[]: batches, $2 bigint[]: succeeded, $3 bigint[]: failed, $4 bigint[]: cancelled,
-- $5 bigint[]: what they were charged, $6 bigint[]: what was held for them.
-- Returns: the columns of StoredBatch.
WITH counted AS (
  UPDATE batch SET succeeded = batch.succeeded + ended.succeeded, failed = batch.failed + ended.failed,
    cancelled = batch.cancelled + ended.cancelled, charged = batch.charged + ended.charged,
    held = batch.held - ended.held,
    finished_at = CASE WHEN NOT batch.is_open AND batch.succeeded + batch.failed + batch.cancelled
      + ended.succeeded + ended.failed + ended.cancelled = batch.total THEN now() END
  FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[])
    AS ended (id, succeeded, failed, cancelled, charged, held)
  WHERE batch.id = ended.id
  RETURNING batch.*
), refilled AS (
  UPDATE job_array SET standing = 'ready' FROM counted
  WHERE job_array.id = counted.id AND job_array.standing = 'full'
    AND counted.total - counted.succeeded - counted.failed - counted.cancelled <= job_array.refill_at
)
SELECT id, tenant, is_open, total, succeeded, failed, cancelled, created_at, finished_at FROM counted
--- count_blockers
-- $1 uuid[]: blocked jobs, $2 bigint[]: how many others each still waits for, more than none.
UPDATE job SET blockers = waiting.blockers FROM unnest($1::uuid[], $2::bigint[]) AS waiting (id, blockers)
WHERE job.id = waiting.id
--- count_pending_arrays
-- $1 uuid: tenant, $2 uuid: an array. Returns: how many arrays of the tenant have tasks to make, and the array that does
-- the failed tasks of that one again, null where none does.
SELECT (SELECT count(*) FROM job_array WHERE tenant = $1::uuid AND next_position < tasks),
  (SELECT id FROM job_array WHERE retry_of = $2::uuid)
--- count_preemptions
-- How often jobs were preempted. $1 uuid[]: jobs. Returns, per job that was: id, how often.
SELECT job, count(*) FROM usage WHERE job = ANY ($1::uuid[]) AND ending = 'preempted' GROUP BY job
--- count_unreadable
-- Counts one more restoring of unfinished jobs for unreadable entries. $1 uuid[]: jobs.
UPDATE job SET unreadable_restores = unreadable_restores + 1 WHERE id = ANY ($1::uuid[]) AND finished_at IS NULL
--- current_prices
-- The prices in force. $1 text[]: names, null for all. Returns: name, version, per_job, per_cpu_second.
SELECT DISTINCT ON (name) name, version, per_job, per_cpu_second FROM price
WHERE ($1::text[] IS NULL OR name = ANY ($1::text[])) AND valid_from <= now()
ORDER BY name, version DESC
--- current_rates
-- The rates in force, of every tier. Returns: tier, cpu_hour, memory_gibibyte_hour, wall_hour, version.
SELECT DISTINCT ON (tier) tier, cpu_hour, memory_gibibyte_hour, wall_hour, version FROM tier_rate
WHERE valid_from <= now() ORDER BY tier, version DESC
--- delete_dependencies
-- $1 uuid[]: jobs that were waited for, $2 uuid[]: the jobs that waited, one for each.
DELETE FROM dependency USING unnest($1::uuid[], $2::uuid[]) AS told (needs, job)
WHERE dependency.needs = told.needs AND dependency.job = told.job
--- delete_schedule
-- $1 uuid: tenant, $2 uuid: schedule. Returns: the columns of StoredSchedule.
DELETE FROM schedule WHERE tenant = $1::uuid AND id = $2::uuid
RETURNING id, tenant, name, cron, time_zone, draft, missed, missed_tolerance_milliseconds, missed_limit, overlap,
  is_paused, starts_at, ends_at, jitter_seconds, idempotency_key, revision, created_at, changed_at, decided_at, next_at,
  due_at, runs, skips, refusals, last_run_instant, last_run_at, last_run_job, last_skip_instant, last_skip_at,
  last_skip_reason, last_refusal_instant, last_refusal_at, last_refusal_code, last_refusal_message
--- delete_tier
-- Forgets $1 text tier with its declared size and the sizes seen, unless unfinished jobs, or arrays with tasks to be made,
-- name it, as an alternative too. Its rates stay: what ran on it was costed by them.
-- Returns: whether it was known, how many do.
WITH naming AS (
    SELECT tier, alternatives FROM job WHERE finished_at IS NULL
    UNION ALL
    SELECT draft->>'tier', draft->'alternatives' FROM job_array WHERE next_position < tasks
  ),
  used AS (
    SELECT count(*) AS jobs FROM naming WHERE tier = $1::text
      OR EXISTS (SELECT FROM json_array_elements(alternatives) AS way WHERE way->>'tier' = $1::text)
  ),
  gone AS (DELETE FROM tier USING used WHERE tier.name = $1::text AND used.jobs = 0)
SELECT EXISTS (SELECT FROM tier WHERE name = $1::text), used.jobs FROM used
--- expire_keys
-- Forgets keys whose time is over. $1 bigint: at most. Returns: a row for each.
DELETE FROM unique_claim
WHERE (tenant, key) IN (
    SELECT tenant, key FROM unique_claim WHERE until <= now() ORDER BY until LIMIT $1::bigint)
  AND until <= now()
RETURNING key
--- fill_array
-- Notes that an array has as many unfinished tasks as it may; changes nothing where that is so no more.
-- $1 uuid: array, $2 bigint: how many are unfinished at most when more are made.
UPDATE job_array SET standing = 'full', refill_at = $2::bigint
FROM batch
WHERE job_array.id = $1::uuid AND batch.id = job_array.id
  AND batch.total - batch.succeeded - batch.failed - batch.cancelled > $2::bigint
--- find_alike
-- Jobs of a tenant whose identifiers begin or end in a certain way, newest first, among its newest.
-- $1 uuid: tenant, $2 uuid, $3 uuid: the first and the last that begin so, null for none, $4 bigint: a mask of the last 64
-- bits, $5 bigint: what these are under it at such an end, $6 bigint: jobs to look at, $7 bigint: at most. Returns: id.
SELECT id FROM (SELECT id FROM job WHERE tenant = $1::uuid ORDER BY id DESC LIMIT $6::bigint) AS newest
WHERE id BETWEEN $2::uuid AND $3::uuid
  OR ('x' || right(replace(id::text, '-', ''), 16))::bit(64)::bigint & $4::bigint = $5::bigint
ORDER BY id DESC LIMIT $7::bigint
--- find_alike_arrays
-- Arrays of a tenant whose identifiers begin or end in a certain way, newest first, among its newest. $1 to $7 as those of
-- find_alike. Returns: id.
SELECT id FROM (SELECT id FROM job_array WHERE tenant = $1::uuid ORDER BY id DESC LIMIT $6::bigint) AS newest
WHERE id BETWEEN $2::uuid AND $3::uuid
  OR ('x' || right(replace(id::text, '-', ''), 16))::bit(64)::bigint & $4::bigint = $5::bigint
ORDER BY id DESC LIMIT $7::bigint
--- find_array
-- $1 uuid: array, $2 uuid: tenant. Returns: the columns of StoredArray.
SELECT job_array.id, job_array.tenant, job_array.draft, job_array.indexes, job_array.running_max, job_array.run_at,
  job_array.span, job_array.hold_each, job_array.next_position, job_array.dropped, job_array.waiting_code,
  job_array.waiting_message, job_array.standing, job_array.retry_of,
  (SELECT retry.id FROM job_array AS retry WHERE retry.retry_of = job_array.id), job_array.created_at,
  batch.total, batch.succeeded, batch.failed, batch.cancelled, batch.charged, batch.held, batch.finished_at
FROM job_array JOIN batch ON batch.id = job_array.id
WHERE job_array.id = $1::uuid AND job_array.tenant = $2::uuid
--- find_artifact_store
-- Returns the identity of the artifact store that this database belongs with; nothing where none has been claimed.
SELECT identity FROM artifact_store
--- find_balance
-- $1 uuid: tenant. Returns: posted, held, limit_.
SELECT posted, held, limit_ FROM account WHERE id = $1::uuid AND kind = 'tenant'
--- find_batch
-- $1 uuid: batch, $2 uuid: tenant, $3 text: null, or the idempotency key that stands for the identifier.
-- Returns: the columns of StoredBatch.
SELECT id, tenant, is_open, total, succeeded, failed, cancelled, created_at, finished_at FROM batch
WHERE tenant = $2::uuid AND (id = $1::uuid OR idempotency_key = $3::text)
--- find_batches
-- Batches that jobs are to join. $1 uuid[]: batches. Returns: id, tenant, whether it is open; that of an array is not.
SELECT id, tenant, is_open AND NOT EXISTS (SELECT FROM job_array WHERE job_array.id = batch.id)
FROM batch WHERE id = ANY ($1::uuid[])
--- find_claims
-- Who holds some keys. $1 uuid[]: tenants, $2 text[]: their keys.
-- Returns: tenant, key, until; of the job that holds it: id, state, hold_amount, created_at.
SELECT claim.tenant, claim.key, claim.until, job.id, job.state, job.hold_amount, job.created_at
FROM unnest($1::uuid[], $2::text[]) AS wanted (tenant, key)
JOIN unique_claim AS claim ON claim.tenant = wanted.tenant AND claim.key = wanted.key
JOIN job ON job.id = claim.job
--- find_dependants
-- Jobs that wait for some, with what their release or their end needs. $1 uuid[]: jobs or arrays waited for,
-- $2 bigint: at most.
-- Returns: the job waited for, its state; the one that waits, its tenant, state, blockers, on_dependency, hold_amount,
-- sold_as, cancel_requested, batch, whether it holds a key until its end.
SELECT dependency.needs, needed.state, job.id, job.tenant, job.state, job.blockers, job.on_dependency, job.hold_amount,
  job.sold_as, job.cancel_requested, job.batch, job.unique_key IS NOT NULL AND job.unique_seconds IS NULL
FROM dependency
JOIN job ON job.id = dependency.job
JOIN (
  SELECT id, state FROM job WHERE id = ANY ($1::uuid[])
  UNION ALL
  SELECT job_array.id,
  CASE WHEN batch.finished_at IS NULL THEN 'queued' WHEN batch.failed > 0 THEN 'failed'
    WHEN batch.succeeded = job_array.tasks THEN 'succeeded' ELSE 'cancelled' END
  FROM job_array JOIN batch ON batch.id = job_array.id
  WHERE job_array.id = ANY ($1::uuid[])
) AS needed ON needed.id = dependency.needs
WHERE dependency.needs = ANY ($1::uuid[])
ORDER BY dependency.needs, dependency.job LIMIT $2::bigint
--- find_dependencies
-- The jobs that others are to wait for, and arrays, which have ended with all their tasks. $1 uuid[]: jobs or arrays.
-- Returns: id, tenant, state.
SELECT id, tenant, state FROM job WHERE id = ANY ($1::uuid[])
UNION ALL
SELECT job_array.id, job_array.tenant,
  CASE WHEN batch.finished_at IS NULL THEN 'queued' WHEN batch.failed > 0 THEN 'failed'
    WHEN batch.succeeded = job_array.tasks THEN 'succeeded' ELSE 'cancelled' END
FROM job_array JOIN batch ON batch.id = job_array.id
WHERE job_array.id = ANY ($1::uuid[])
--- find_job
-- One job of a tenant. $1 uuid: job, $2 uuid: tenant, null for any. Returns: the columns of StoredJob.
SELECT job.id, job.tenant, job.capability, job.version, job.sold_as, job.tier, job.priority, job.attempts_max, job.params,
  job.inputs, job.timeout_seconds, job.cpu_millicores, job.memory_bytes, job.gpu_thousandths, job.retry,
  job.task, job.preemption, job.alternatives, job.state, job.hold_amount, job.created_at, job.run_at, job.start_by,
  job.finished_at, job.error, job.results, job.summary, job.log, job.charged, job.cost,
  job.after, job.on_dependency, job.batch, job.unique_key, job.unique_seconds, job.retry_of, job.blockers,
  (SELECT retry.id FROM job AS retry WHERE retry.retry_of = job.id),
  job.schedule, job.schedule_instant, (SELECT schedule.name FROM schedule WHERE schedule.id = job.schedule)
FROM job WHERE id = $1::uuid AND ($2::uuid IS NULL OR tenant = $2::uuid)
--- find_made_schedule
-- The schedule that was made by a key. $1 uuid: tenant, $2 text: key. Returns: its fingerprint, null for none; the
-- columns of StoredSchedule.
SELECT fingerprint, id, tenant, name, cron, time_zone, draft, missed, missed_tolerance_milliseconds, missed_limit, overlap,
  is_paused, starts_at, ends_at, jitter_seconds, idempotency_key, revision, created_at, changed_at, decided_at, next_at,
  due_at, runs, skips, refusals, last_run_instant, last_run_at, last_run_job, last_skip_instant, last_skip_at,
  last_skip_reason, last_refusal_instant, last_refusal_at, last_refusal_code, last_refusal_message
FROM schedule WHERE tenant = $1::uuid AND idempotency_key = $2::text
--- find_owned
-- Those of some artifacts that a tenant owns. $1 uuid: tenant, $2 bytea[]: digests. Returns: digest, size_bytes.
SELECT digest, size_bytes FROM artifact_owner WHERE tenant = $1::uuid AND digest = ANY ($2::bytea[])
--- find_resolutions
-- Ended jobs whose dependants have not all been told. $1 bigint: at most. Returns: job.
SELECT job FROM resolution ORDER BY job LIMIT $1::bigint
--- find_retries
-- The jobs that do others again. $1 uuid[]: the others. Returns: retry_of; id, state, hold_amount, created_at.
SELECT retry_of, id, state, hold_amount, created_at FROM job WHERE retry_of = ANY ($1::uuid[])
--- find_schedule
-- $1 uuid: tenant, $2 uuid: its identifier, or $3 text: its name. Returns: the columns of StoredSchedule.
SELECT id, tenant, name, cron, time_zone, draft, missed, missed_tolerance_milliseconds, missed_limit, overlap,
  is_paused, starts_at, ends_at, jitter_seconds, idempotency_key, revision, created_at, changed_at, decided_at, next_at,
  due_at, runs, skips, refusals, last_run_instant, last_run_at, last_run_job, last_skip_instant, last_skip_at,
  last_skip_reason, last_refusal_instant, last_refusal_at, last_refusal_code, last_refusal_message
FROM schedule WHERE tenant = $1::uuid AND (id = $2::uuid OR name = $3::text)
--- find_settling
-- What a settlement must know of jobs. $1 uuid[]: jobs.
-- Returns: id, tenant, state, hold_amount, whether the hold is open, tier, sold_as, per_job,
-- per_cpu_second, batch, whether it holds a key until its end.
SELECT job.id, job.tenant, job.state, job.hold_amount, hold.state = 'open', job.tier,
  job.sold_as, price.per_job, price.per_cpu_second, job.batch,
  job.unique_key IS NOT NULL AND job.unique_seconds IS NULL
FROM job
JOIN hold ON hold.job = job.id
JOIN price ON price.name = job.sold_as AND price.version = job.price_version
WHERE job.id = ANY ($1::uuid[])
--- find_states
-- $1 uuid[]: jobs or arrays. Returns: id, state.
SELECT id, state FROM job WHERE id = ANY ($1::uuid[])
UNION ALL
SELECT job_array.id,
  CASE WHEN batch.finished_at IS NULL THEN 'queued' WHEN batch.failed > 0 THEN 'failed'
    WHEN batch.succeeded = job_array.tasks THEN 'succeeded' ELSE 'cancelled' END
FROM job_array JOIN batch ON batch.id = job_array.id
WHERE job_array.id = ANY ($1::uuid[])
--- find_submitted
-- The jobs that submissions may repeat: of the same identifier, or of the same tenant and idempotency key.
-- $1 uuid[]: jobs, $2 uuid[]: tenants, $3 text[]: their keys.
-- Arrays are among them: a key is that of one job, or of one array.
-- Returns: id, tenant, idempotency_key, fingerprint, state, hold_amount, created_at.
SELECT id, tenant, idempotency_key, fingerprint, state, hold_amount, created_at FROM job
WHERE id = ANY ($1::uuid[])
UNION
SELECT job.id, job.tenant, job.idempotency_key, job.fingerprint, job.state, job.hold_amount, job.created_at
FROM unnest($2::uuid[], $3::text[]) AS wanted (tenant, key)
JOIN job ON job.tenant = wanted.tenant AND job.idempotency_key = wanted.key
UNION
SELECT id, tenant, idempotency_key, fingerprint, 'queued', hold_each, created_at FROM job_array
WHERE id = ANY ($1::uuid[])
UNION
SELECT job_array.id, job_array.tenant, job_array.idempotency_key, job_array.fingerprint, 'queued', job_array.hold_each,
  job_array.created_at
FROM unnest($2::uuid[], $3::text[]) AS wanted (tenant, key)
JOIN job_array ON job_array.tenant = wanted.tenant AND job_array.idempotency_key = wanted.key
--- find_transaction
-- $1 uuid: a transaction. Returns its legs: account, side, amount.
SELECT account, side, amount FROM entry WHERE transaction = $1::uuid ORDER BY leg
--- find_unreadable
-- How often unfinished jobs were restored for unreadable entries. $1 uuid[]: jobs. Returns: id, how often.
SELECT id, unreadable_restores FROM job WHERE id = ANY ($1::uuid[]) AND finished_at IS NULL
--- find_usage
-- The attempts already recorded of jobs. $1 uuid[]: jobs. Returns: job, token, cost, whether its worker
-- was lost.
SELECT job, token, cost, ending = 'expired' FROM usage WHERE job = ANY ($1::uuid[])
--- finish_jobs
-- $1 uuid[]: jobs, $2 text[]: final states, $3 timestamptz[]: finished_at, $4 json[]: errors, $5 json[]: results,
-- $6 json[]: summaries, $7 json[]: logs, $8 bigint[]: charges, $9 bigint[]: costs.
UPDATE job SET state = ending.state, blockers = 0, finished_at = ending.finished_at, error = ending.error,
  results = ending.results, summary = ending.summary, log = ending.log, charged = ending.charged, cost = ending.cost
FROM unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::json[], $5::json[], $6::json[], $7::json[], $8::bigint[],
  $9::bigint[]) AS ending (id, state, finished_at, error, results, summary, log, charged, cost)
WHERE job.id = ending.id
--- free_keys
-- Frees the keys that jobs held until their end. $1 uuid[]: ended jobs.
DELETE FROM unique_claim USING job
WHERE job.id = ANY ($1::uuid[]) AND unique_claim.tenant = job.tenant AND unique_claim.key = job.unique_key
  AND unique_claim.job = job.id AND unique_claim.until IS NULL
--- grow_batches
-- Adds jobs to the totals of open batches. $1 uuid[]: batches, $2 bigint[]: how many, $3 bigint[]: what is held for them.
UPDATE batch SET total = batch.total + growth.jobs, held = batch.held + growth.held
FROM unnest($1::uuid[], $2::bigint[], $3::bigint[]) AS growth (id, jobs, held)
WHERE batch.id = growth.id
--- hold_arrays
-- Notes why no more tasks of arrays are made, and when they are looked at again. $1 uuid[]: arrays, $2 text[]: why,
-- $3 text[]: the same in words, $4 timestamptz[]: when. Changes nothing where all are made, or the window is full by now.
UPDATE job_array SET waiting_code = hold.code, waiting_message = hold.message, standing = 'refused',
  look_at = hold.look_at
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[]) AS hold (id, code, message, look_at)
WHERE job_array.id = hold.id AND job_array.standing <> 'full' AND job_array.next_position < job_array.tasks
--- insert_array
-- Stores an array and its batch. $1 uuid, $2 uuid: tenant, $3 text: idempotency key, $4 bytea: fingerprint, $5 json: draft,
-- $6 text: indexes, $7 bigint: tasks, $8 bigint: how many may run, $9 timestamptz: run_at, $10 json: span,
-- $11 bigint: the most that a task may be charged, $12 uuid: the array whose failed tasks it does again,
-- $13 timestamptz: now.
WITH opened AS (INSERT INTO batch (id, tenant, created_at) VALUES ($1::uuid, $2::uuid, $13::timestamptz))
INSERT INTO job_array (id, tenant, idempotency_key, fingerprint, draft, indexes, tasks, running_max, run_at, span,
  hold_each, retry_of, created_at)
VALUES ($1::uuid, $2::uuid, $3::text, $4::bytea, $5::json, $6::text, $7::bigint, $8::bigint, $9::timestamptz, $10::json,
  $11::bigint, $12::uuid, $13::timestamptz)
--- insert_dependencies
-- $1 uuid[]: jobs that are waited for, $2 uuid[]: the jobs that wait, one for each.
INSERT INTO dependency (needs, job) SELECT * FROM unnest($1::uuid[], $2::uuid[])
--- insert_holds
-- $1 uuid[]: jobs, $2 uuid[]: accounts, $3 bigint[]: amounts.
INSERT INTO hold (job, account, amount) SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bigint[])
--- insert_jobs
-- $1…$35, arrays, one element per job, in the order of the columns.
INSERT INTO job (id, tenant, capability, version, sold_as, price_version, tier, priority, attempts_max, params, inputs,
  timeout_seconds, cpu_millicores, memory_bytes, idempotency_key, fingerprint, hold_amount, created_at, gpu_thousandths,
  retry, run_at, state, blockers, after, on_dependency, batch, unique_key, unique_seconds, retry_of,
  schedule, schedule_instant, start_by, task, preemption, alternatives)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::bigint[], $5::text[], $6::bigint[], $7::text[],
  $8::bigint[], $9::bigint[], $10::json[], $11::json[], $12::bigint[], $13::bigint[], $14::bigint[], $15::text[],
  $16::bytea[], $17::bigint[], $18::timestamptz[], $19::bigint[], $20::json[], $21::timestamptz[], $22::text[],
  $23::bigint[], $24::json[], $25::text[], $26::uuid[], $27::text[], $28::bigint[], $29::uuid[],
  $30::uuid[], $31::timestamptz[], $32::timestamptz[], $33::json[], $34::json[], $35::json[])
--- insert_key
-- $1 uuid: key, $2 uuid: tenant, $3 text: name, $4 bytea: secret, $5 text: its first characters.
-- Returns: the columns of APIKey.
INSERT INTO api_key (id, tenant, name, hash, prefix)
VALUES ($1::uuid, $2::uuid, $3::text, sha256($4::bytea), $5::text)
RETURNING id, name, prefix, created_at, revoked_at
--- insert_schedule
-- Stores a schedule unless the tenant has $20 bigint of them already. $1 uuid, $2 uuid: tenant, $3 text: name,
-- $4 text: cron, $5 text: time zone, $6 json: draft, $7 text: missed, $8 bigint: its tolerance, $9 bigint: its limit,
-- $10 text: overlap, $11 boolean: paused, $12 timestamptz: starts, $13 timestamptz: ends, $14 bigint: jitter,
-- $15 text: idempotency key, $16 timestamptz: now, $17 timestamptz: decided, $18 timestamptz: next,
-- $19 timestamptz: due, $21 bytea: fingerprint. Returns: the columns of StoredSchedule.
INSERT INTO schedule (id, tenant, name, cron, time_zone, draft, missed, missed_tolerance_milliseconds, missed_limit,
  overlap, is_paused, starts_at, ends_at, jitter_seconds, idempotency_key, created_at, changed_at, decided_at, next_at,
  due_at, fingerprint)
SELECT $1::uuid, $2::uuid, $3::text, $4::text, $5::text, $6::json, $7::text, $8::bigint, $9::bigint, $10::text,
  $11::boolean, $12::timestamptz, $13::timestamptz, $14::bigint, $15::text, $16::timestamptz, $16::timestamptz,
  $17::timestamptz, $18::timestamptz, $19::timestamptz, $21::bytea
WHERE (SELECT count(*) FROM schedule WHERE tenant = $2::uuid) < $20::bigint
RETURNING id, tenant, name, cron, time_zone, draft, missed, missed_tolerance_milliseconds, missed_limit, overlap,
  is_paused, starts_at, ends_at, jitter_seconds, idempotency_key, revision, created_at, changed_at, decided_at, next_at,
  due_at, runs, skips, refusals, last_run_instant, last_run_at, last_run_job, last_skip_instant, last_skip_at,
  last_skip_reason, last_refusal_instant, last_refusal_at, last_refusal_code, last_refusal_message
--- insert_tenant
-- $1 uuid: tenant, $2 text: name, $3 text: plan, $4 boolean: whether it is an operator.
WITH added AS (
  INSERT INTO tenant (id, name, plan, is_operator) VALUES ($1::uuid, $2::text, $3::text, $4::boolean) RETURNING id, name
)
INSERT INTO account (id, kind, name, limit_) SELECT id, 'tenant', name, 0 FROM added
--- insert_tiers
-- Makes tiers known that are not. $1 text[]: names.
INSERT INTO tier (name) SELECT DISTINCT unnest($1::text[]) ON CONFLICT DO NOTHING
--- insert_usage
-- $1…$14, arrays, one element per attempt, in the order of the columns.
INSERT INTO usage (job, token, tenant, worker, ending, tier, cpu_microseconds, wall_microseconds, memory_peak_bytes,
  cost, started_at, ended_at, error, preempted_by)
SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::bigint[],
  $8::bigint[], $9::bigint[], $10::bigint[], $11::timestamptz[], $12::timestamptz[], $13::json[], $14::bigint[])
--- largest_token
-- The largest token of an ended attempt, 0 where there is none.
SELECT coalesce((SELECT token FROM usage ORDER BY token DESC LIMIT 1), 0)
--- leader_exists
-- Whether any session of this database leads a role. $1 bigint: the role. Returns: one boolean.
SELECT EXISTS (
  SELECT FROM pg_locks
  WHERE locktype = 'advisory' AND granted AND classid = 7310580 AND objid = $1::bigint::oid AND objsubid = 2
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
)
--- leader_heartbeat
-- Whether the server is still there.
SELECT 1
--- leader_lock
-- Waits until this session leads a role; the lead ends with the session. $1 bigint: the role.
SELECT pg_advisory_lock(7310580, $1::bigint::integer)
--- list_accepted
-- Unfinished jobs that were accepted between two instants, oldest first; not blocked ones, which the queue does not hold. $1 uuid: only jobs after this one, $2 uuid: and
-- before this one, $3 bigint: at most. Returns: id.
SELECT id FROM job WHERE finished_at IS NULL AND state <> 'blocked' AND id > $1::uuid AND id < $2::uuid ORDER BY id LIMIT $3::bigint
--- list_arrays
-- A tenant's arrays, newest first. $1 uuid: tenant, $2 uuid: only arrays before this one, $3 bigint: at most.
-- Returns: the columns of StoredArray.
SELECT job_array.id, job_array.tenant, job_array.draft, job_array.indexes, job_array.running_max, job_array.run_at,
  job_array.span, job_array.hold_each, job_array.next_position, job_array.dropped, job_array.waiting_code,
  job_array.waiting_message, job_array.standing, job_array.retry_of,
  (SELECT retry.id FROM job_array AS retry WHERE retry.retry_of = job_array.id), job_array.created_at,
  batch.total, batch.succeeded, batch.failed, batch.cancelled, batch.charged, batch.held, batch.finished_at
FROM job_array JOIN batch ON batch.id = job_array.id
WHERE job_array.tenant = $1::uuid AND job_array.id < coalesce($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
ORDER BY job_array.id DESC LIMIT $3::bigint
--- list_attempts
-- The ended attempts of a job, in order of their tokens. $1 uuid: job.
-- Returns: token, worker, ending, tier, cpu_microseconds, wall_microseconds, memory_peak_bytes, cost, started_at,
-- ended_at, error, preempted_by.
SELECT token, worker, ending, tier, cpu_microseconds, wall_microseconds, memory_peak_bytes, cost, started_at, ended_at,
  error, preempted_by
FROM usage WHERE job = $1::uuid ORDER BY token
--- list_batch_jobs
-- Jobs of a batch, newest first. $1 uuid: tenant, $2 text[]: states, null for all, $3 uuid: only jobs before this one,
-- $4 bigint: at most, $5 uuid: batch. Returns: the columns of StoredJob.
SELECT job.id, job.tenant, job.capability, job.version, job.sold_as, job.tier, job.priority, job.attempts_max, job.params,
  job.inputs, job.timeout_seconds, job.cpu_millicores, job.memory_bytes, job.gpu_thousandths, job.retry,
  job.task, job.preemption, job.alternatives, job.state, job.hold_amount, job.created_at, job.run_at, job.start_by,
  job.finished_at, job.error, job.results, job.summary, job.log, job.charged, job.cost,
  NULL::json, job.on_dependency, job.batch, job.unique_key, job.unique_seconds, job.retry_of, job.blockers, NULL::uuid,
  job.schedule, job.schedule_instant, (SELECT schedule.name FROM schedule WHERE schedule.id = job.schedule)
FROM job
WHERE batch = $5::uuid AND tenant = $1::uuid AND ($2::text[] IS NULL OR state = ANY ($2::text[]))
  AND id < coalesce($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
ORDER BY id DESC LIMIT $4::bigint
--- list_cancelling
-- Unfinished jobs whose owners want them cancelled, oldest first. $1 uuid: only jobs after this one, null for all,
-- $2 bigint: at most. Returns: id. Cost: one look at each unfinished job.
SELECT id FROM job
WHERE finished_at IS NULL AND cancel_requested AND id > coalesce($1::uuid, '00000000-0000-0000-0000-000000000000')
ORDER BY id LIMIT $2::bigint
--- list_due_arrays
-- Arrays of whichever tenant that may go on, oldest first: those that nothing holds, those whose tenant has the credits
-- for a task by now, and those that are to be looked at again. The others are not read, and of tenants who want credits
-- each costs one look, however many arrays wait for them.
-- $1 uuid: only arrays after this one, $2 timestamptz: now, $3 bigint: arrays at most.
-- Returns: the columns of StoredArray.
WITH RECURSIVE poor (tenant) AS (
  (SELECT tenant FROM job_array WHERE standing = 'poor' AND next_position < tasks ORDER BY tenant LIMIT 1)
  UNION ALL
  SELECT following.tenant FROM poor CROSS JOIN LATERAL (
    SELECT tenant FROM job_array
    WHERE standing = 'poor' AND next_position < tasks AND tenant > poor.tenant
    ORDER BY tenant LIMIT 1
  ) AS following
), due (id) AS (
  (SELECT id FROM job_array
    WHERE standing = 'ready' AND next_position < tasks
      AND id > coalesce($1::uuid, '00000000-0000-0000-0000-000000000000')
    ORDER BY id LIMIT $3::bigint)
  UNION ALL
  SELECT affordable.id FROM poor JOIN account ON account.id = poor.tenant CROSS JOIN LATERAL (
    SELECT id FROM job_array
    WHERE standing = 'poor' AND next_position < tasks AND tenant = poor.tenant
      AND hold_each <= account.limit_ - account.posted - account.held
    -- Keeps it a look for each tenant, at those that it can pay for.
    OFFSET 0
  ) AS affordable
  WHERE affordable.id > coalesce($1::uuid, '00000000-0000-0000-0000-000000000000')
  UNION ALL
  SELECT id FROM job_array
  WHERE standing = 'refused' AND next_position < tasks AND look_at <= $2::timestamptz
    AND id > coalesce($1::uuid, '00000000-0000-0000-0000-000000000000')
)
SELECT job_array.id, job_array.tenant, job_array.draft, job_array.indexes, job_array.running_max, job_array.run_at,
  job_array.span, job_array.hold_each, job_array.next_position, job_array.dropped, job_array.waiting_code,
  job_array.waiting_message, job_array.standing, job_array.retry_of,
  (SELECT retry.id FROM job_array AS retry WHERE retry.retry_of = job_array.id), job_array.created_at,
  batch.total, batch.succeeded, batch.failed, batch.cancelled, batch.charged, batch.held, batch.finished_at
FROM job_array JOIN batch ON batch.id = job_array.id
WHERE job_array.id = ANY (ARRAY(SELECT id FROM due ORDER BY id LIMIT $3::bigint))
ORDER BY job_array.id
--- list_due_schedules
-- Schedules of which a run is due, the longest due first. $1 timestamptz: now, $2 bigint: at most.
-- Returns: the columns of StoredSchedule.
SELECT id, tenant, name, cron, time_zone, draft, missed, missed_tolerance_milliseconds, missed_limit, overlap,
  is_paused, starts_at, ends_at, jitter_seconds, idempotency_key, revision, created_at, changed_at, decided_at, next_at,
  due_at, runs, skips, refusals, last_run_instant, last_run_at, last_run_job, last_skip_instant, last_skip_at,
  last_skip_reason, last_refusal_instant, last_refusal_at, last_refusal_code, last_refusal_message
FROM schedule WHERE due_at <= $1::timestamptz ORDER BY due_at, id LIMIT $2::bigint
--- list_ended_tasks
-- Tasks of an array that ended in one way, in order. $1 uuid: tenant, $2 uuid: its batch, $3 text: the state,
-- $4 uuid: from this job on, $5 bigint: at most. Returns: the columns of StoredJob.
SELECT job.id, job.tenant, job.capability, job.version, job.sold_as, job.tier, job.priority, job.attempts_max, job.params,
  job.inputs, job.timeout_seconds, job.cpu_millicores, job.memory_bytes, job.gpu_thousandths, job.retry,
  job.task, job.preemption, job.alternatives, job.state, job.hold_amount, job.created_at, job.run_at, job.start_by,
  job.finished_at, job.error, job.results, job.summary, job.log, job.charged, job.cost,
  NULL::json, job.on_dependency, job.batch, job.unique_key, job.unique_seconds, job.retry_of, job.blockers, NULL::uuid,
  job.schedule, job.schedule_instant, (SELECT schedule.name FROM schedule WHERE schedule.id = job.schedule)
FROM job
WHERE batch = $2::uuid AND state = $3::text AND finished_at IS NOT NULL AND id >= $4::uuid AND tenant = $1::uuid
ORDER BY id LIMIT $5::bigint
--- list_entries
-- The legs on an account, newest first. $1 uuid: account, $2 bigint: only those before this sequence number, null for
-- all, $3 bigint: at most. Returns: sequence, transaction, side, amount, kind, at.
SELECT sequence, transaction, side, amount, kind, at FROM entry
WHERE account = $1::uuid AND sequence < coalesce($2::bigint, 9223372036854775807)
ORDER BY sequence DESC LIMIT $3::bigint
--- list_failed_tasks
-- The tasks of an array that failed. $1 uuid: its batch, $2 uuid: only those after this job, null for all,
-- $3 boolean: only those that no job does again, $4 bigint: at most. Returns: id.
SELECT id FROM job
WHERE batch = $1::uuid AND state = 'failed' AND finished_at IS NOT NULL
  AND id > coalesce($2::uuid, '00000000-0000-0000-0000-000000000000')
  AND NOT ($3::boolean AND EXISTS (SELECT FROM job AS retry WHERE retry.retry_of = job.id))
ORDER BY id LIMIT $4::bigint
--- list_gates
-- The limits of capabilities and tiers. Returns: kind, name, running_max, is_paused, rate_count, rate_seconds, rate_burst.
SELECT kind, name, running_max, is_paused, rate_count, rate_seconds, rate_burst FROM gate ORDER BY kind, name
--- list_jobs
-- Jobs of a tenant, newest first. $1 uuid: tenant, $2 text[]: states, null for all, $3 uuid: only jobs before this one,
-- $4 bigint: at most. Returns: the columns of StoredJob.
SELECT job.id, job.tenant, job.capability, job.version, job.sold_as, job.tier, job.priority, job.attempts_max, job.params,
  job.inputs, job.timeout_seconds, job.cpu_millicores, job.memory_bytes, job.gpu_thousandths, job.retry,
  job.task, job.preemption, job.alternatives, job.state, job.hold_amount, job.created_at, job.run_at, job.start_by,
  job.finished_at, job.error, job.results, job.summary, job.log, job.charged, job.cost,
  NULL::json, job.on_dependency, job.batch, job.unique_key, job.unique_seconds, job.retry_of, job.blockers, NULL::uuid,
  job.schedule, job.schedule_instant, (SELECT schedule.name FROM schedule WHERE schedule.id = job.schedule)
FROM job
WHERE tenant = $1::uuid AND ($2::text[] IS NULL OR state = ANY ($2::text[]))
  AND id < coalesce($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
ORDER BY id DESC LIMIT $4::bigint
--- list_keys
-- $1 uuid: tenant. Returns: id, name, prefix, created_at, revoked_at.
SELECT id, name, prefix, created_at, revoked_at FROM api_key WHERE tenant = $1::uuid ORDER BY id
--- list_open_tasks
-- Tasks of an array that are made and have not ended, in order. $1 uuid: tenant, $2 uuid: its batch, $3 uuid: from this
-- job on, $4 bigint: at most. Returns: the columns of StoredJob.
SELECT job.id, job.tenant, job.capability, job.version, job.sold_as, job.tier, job.priority, job.attempts_max, job.params,
  job.inputs, job.timeout_seconds, job.cpu_millicores, job.memory_bytes, job.gpu_thousandths, job.retry,
  job.task, job.preemption, job.alternatives, job.state, job.hold_amount, job.created_at, job.run_at, job.start_by,
  job.finished_at, job.error, job.results, job.summary, job.log, job.charged, job.cost,
  NULL::json, job.on_dependency, job.batch, job.unique_key, job.unique_seconds, job.retry_of, job.blockers, NULL::uuid,
  job.schedule, job.schedule_instant, (SELECT schedule.name FROM schedule WHERE schedule.id = job.schedule)
FROM job
WHERE batch = $2::uuid AND finished_at IS NULL AND id >= $3::uuid AND tenant = $1::uuid
ORDER BY id LIMIT $4::bigint
--- list_retryable
-- Jobs that ended without success and were not done again, oldest first. $1 uuid: tenant, $2 text: failed or cancelled,
-- $3 text: the name they were sold under, null for any, $4 text: their error's code, null for any, $5 bigint: at most.
-- Returns: the columns of StoredJob.
SELECT job.id, job.tenant, job.capability, job.version, job.sold_as, job.tier, job.priority, job.attempts_max, job.params,
  job.inputs, job.timeout_seconds, job.cpu_millicores, job.memory_bytes, job.gpu_thousandths, job.retry,
  job.task, job.preemption, job.alternatives, job.state, job.hold_amount, job.created_at, job.run_at, job.start_by,
  job.finished_at, job.error, job.results, job.summary, job.log, job.charged, job.cost,
  job.after, job.on_dependency, job.batch, job.unique_key, job.unique_seconds, job.retry_of, job.blockers, NULL::uuid,
  job.schedule, job.schedule_instant, (SELECT schedule.name FROM schedule WHERE schedule.id = job.schedule)
FROM job
WHERE tenant = $1::uuid AND state = $2::text AND state IN ('failed', 'cancelled')
  AND ($3::text IS NULL OR sold_as = $3::text) AND ($4::text IS NULL OR error ->> 'code' = $4::text)
  AND NOT EXISTS (SELECT FROM job AS retry WHERE retry.retry_of = job.id)
ORDER BY id LIMIT $5::bigint
--- list_schedule_jobs
-- Jobs of a schedule, newest first. $1 uuid: tenant, $2 text[]: states, null for all, $3 uuid: only jobs before this one,
-- $4 bigint: at most, $5 uuid: schedule. Returns: the columns of StoredJob.
SELECT job.id, job.tenant, job.capability, job.version, job.sold_as, job.tier, job.priority, job.attempts_max, job.params,
  job.inputs, job.timeout_seconds, job.cpu_millicores, job.memory_bytes, job.gpu_thousandths, job.retry,
  job.task, job.preemption, job.alternatives, job.state, job.hold_amount, job.created_at, job.run_at, job.start_by,
  job.finished_at, job.error, job.results, job.summary, job.log, job.charged, job.cost,
  NULL::json, job.on_dependency, job.batch, job.unique_key, job.unique_seconds, job.retry_of, job.blockers, NULL::uuid,
  job.schedule, job.schedule_instant, (SELECT schedule.name FROM schedule WHERE schedule.id = job.schedule)
FROM job
WHERE schedule = $5::uuid AND tenant = $1::uuid AND ($2::text[] IS NULL OR state = ANY ($2::text[]))
  AND id < coalesce($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
ORDER BY id DESC LIMIT $4::bigint
--- list_schedules
-- Schedules of a tenant, newest first. $1 uuid: tenant, $2 uuid: only those before this one, null for all,
-- $3 bigint: at most. Returns: the columns of StoredSchedule.
SELECT id, tenant, name, cron, time_zone, draft, missed, missed_tolerance_milliseconds, missed_limit, overlap,
  is_paused, starts_at, ends_at, jitter_seconds, idempotency_key, revision, created_at, changed_at, decided_at, next_at,
  due_at, runs, skips, refusals, last_run_instant, last_run_at, last_run_job, last_skip_instant, last_skip_at,
  last_skip_reason, last_refusal_instant, last_refusal_at, last_refusal_code, last_refusal_message
FROM schedule
WHERE tenant = $1::uuid AND id < coalesce($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
ORDER BY id DESC LIMIT $3::bigint
--- list_sharings
-- The tenants whose class, weight or limit was ever changed.
-- Returns: id, priority_class, weight, running_max, is_paused, rate_count, rate_seconds, rate_burst.
SELECT id, priority_class, weight, running_max, is_paused, rate_count, rate_seconds, rate_burst
FROM tenant WHERE sharing_changed_at IS NOT NULL
--- list_tenant_unfinished
-- The unfinished jobs of a tenant, oldest first. $1 uuid: tenant, $2 bigint: at most. Returns: id.
SELECT id FROM job WHERE tenant = $1::uuid AND finished_at IS NULL ORDER BY id LIMIT $2::bigint
--- list_tenants
-- $1 uuid: one tenant, null for all; $2 text: one name, null for all. Returns: the columns of Tenant.
SELECT id, name, plan, created_at, is_operator, priority_class, weight, running_max, is_paused, rate_count, rate_seconds,
  rate_burst
FROM tenant
WHERE ($1::uuid IS NULL OR id = $1::uuid) AND ($2::text IS NULL OR name = $2::text) ORDER BY id
--- list_tier_workers
-- The sizes of workers that were seen in the last $1 bigint milliseconds.
-- Returns: tier, cpu_millicores, memory_bytes, gpu_thousandths, milliseconds since one was seen.
SELECT tier, cpu_millicores, memory_bytes, gpu_thousandths,
  greatest(0, floor(extract(epoch FROM now() - seen_at) * 1000))::bigint
FROM tier_worker WHERE seen_at > now() - $1::bigint * interval '1 millisecond'
--- list_tiers
-- The tiers that are known, with the size that was declared (all null for none) and the rates in force.
-- Returns: name, cpu_millicores, memory_bytes, gpu_thousandths, cpu_hour, memory_gibibyte_hour, wall_hour.
SELECT tier.name, tier.cpu_millicores, tier.memory_bytes, tier.gpu_thousandths, rate.cpu_hour,
  rate.memory_gibibyte_hour, rate.wall_hour
FROM tier
JOIN (SELECT DISTINCT ON (tier) * FROM tier_rate WHERE valid_from <= now() ORDER BY tier, version DESC) AS rate
  ON rate.tier = tier.name
ORDER BY tier.name
--- list_unfinished
-- Jobs that the queue should hold, oldest first; blocked ones it should not. $1 uuid: only jobs after this one, null
-- for all, $2 bigint: at most.
-- Returns: id, tenant, capability, version, tier, priority, attempts_max, params, inputs, timeout_seconds,
-- cpu_millicores, memory_bytes, gpu_thousandths, retry, task, preemption, alternatives, attempts that count and have
-- ended, those of them
-- whose worker was lost, whether it is to be cancelled, run_at, start_by (null once it has started and was preempted),
-- the tenant's class.
SELECT job.id, job.tenant, job.capability, job.version, job.tier, job.priority, job.attempts_max, job.params, job.inputs,
  job.timeout_seconds, job.cpu_millicores, job.memory_bytes, job.gpu_thousandths, job.retry, job.task,
  job.preemption, job.alternatives,
  attempts.made, attempts.lost, job.cancel_requested, job.run_at,
  CASE WHEN attempts.preempted = 0 THEN job.start_by END, tenant.priority_class
FROM job
JOIN tenant ON tenant.id = job.tenant
CROSS JOIN LATERAL (
  SELECT count(*) FILTER (WHERE ending <> 'preempted') AS made, count(*) FILTER (WHERE ending = 'expired') AS lost,
    count(*) FILTER (WHERE ending = 'preempted') AS preempted
  FROM usage WHERE usage.job = job.id AND ending IN ('succeeded', 'failed', 'expired', 'preempted')
) AS attempts
WHERE job.finished_at IS NULL AND job.state <> 'blocked'
  AND job.id > coalesce($1::uuid, '00000000-0000-0000-0000-000000000000')
ORDER BY job.id LIMIT $2::bigint
--- list_unfinished_tasks
-- The tasks of an array that are made and have not ended. $1 uuid: its batch. Returns: id.
SELECT id FROM job WHERE batch = $1::uuid AND finished_at IS NULL ORDER BY id
--- lock_accounts
-- Locks the accounts of tenants, in the order that every transaction keeps, and reads them.
-- $1 uuid[]: tenants. Returns: id, posted, held, limit_, the tenant's class.
SELECT account.id, posted, held, limit_, priority_class FROM account JOIN tenant ON tenant.id = account.id
WHERE account.id = ANY ($1::uuid[]) AND kind = 'tenant' ORDER BY account.id
FOR NO KEY UPDATE OF account
--- lock_accounts_of_jobs
-- Locks the accounts of the tenants that own some jobs or arrays, in the order that every transaction keeps.
-- $1 uuid[]: jobs or arrays. Returns: id.
SELECT id FROM account
WHERE id IN (
  SELECT tenant FROM job WHERE job.id = ANY ($1::uuid[])
  UNION ALL
  SELECT tenant FROM job_array WHERE job_array.id = ANY ($1::uuid[]))
ORDER BY id
FOR NO KEY UPDATE
--- lock_array
-- Locks an array against others who would make or drop its tasks. $1 uuid: array, $2 uuid: tenant.
-- Returns: the columns of StoredArray.
SELECT job_array.id, job_array.tenant, job_array.draft, job_array.indexes, job_array.running_max, job_array.run_at,
  job_array.span, job_array.hold_each, job_array.next_position, job_array.dropped, job_array.waiting_code,
  job_array.waiting_message, job_array.standing, job_array.retry_of,
  (SELECT retry.id FROM job_array AS retry WHERE retry.retry_of = job_array.id), job_array.created_at,
  batch.total, batch.succeeded, batch.failed, batch.cancelled, batch.charged, batch.held, batch.finished_at
FROM job_array JOIN batch ON batch.id = job_array.id
WHERE job_array.id = $1::uuid AND job_array.tenant = $2::uuid
FOR NO KEY UPDATE OF job_array
--- lock_publishing
-- One publisher at a time, so that versions have no gaps. Held until the transaction ends.
SELECT pg_advisory_xact_lock(7310579, 1)
--- lock_schedules
-- Locks schedules, in order, against changes and against who else would make their runs. $1 uuid[]: schedules.
-- Returns: id, revision, decided_at, overlap, whether a job of it has not ended.
SELECT id, revision, decided_at, overlap,
  EXISTS (SELECT FROM job WHERE job.schedule = schedule.id AND job.finished_at IS NULL)
FROM schedule WHERE id = ANY ($1::uuid[]) ORDER BY id
FOR NO KEY UPDATE OF schedule
--- lock_tenant
-- Lets one change at a time be made to a tenant's keys. $1 uuid: tenant. Returns: id.
SELECT id FROM tenant WHERE id = $1::uuid FOR NO KEY UPDATE
--- migration_list
-- The migrations applied. $1 text[]: the texts known here, in order of version from 1.
-- Returns: version, and whether its text is the one applied (null where unknown here).
SELECT applied.version, sha256(convert_to(known.text, 'UTF8')) = applied.checksum
FROM schema_migration AS applied
LEFT JOIN unnest($1::text[]) WITH ORDINALITY AS known (text, version) ON known.version = applied.version
ORDER BY applied.version
--- migration_lock
-- One migrator at a time. Held until the transaction ends.
SELECT pg_advisory_xact_lock(7310579, 2)
--- migration_record
-- $1 bigint: version, $2 text: name, $3 text: its text.
INSERT INTO schema_migration (version, name, checksum)
VALUES ($1::bigint, $2::text, sha256(convert_to($3::text, 'UTF8')))
--- move_accounts
-- Adds to accounts; each account at most once. The table refuses to pass a limit.
-- $1 uuid[]: accounts, $2 bigint[]: to posted, $3 bigint[]: to held, $4 bigint[]: to limit_.
UPDATE account
SET posted = account.posted + move.posted, held = account.held + move.held, limit_ = account.limit_ + move.granted
FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[]) AS move (id, posted, held, granted)
WHERE account.id = move.id
--- next_due_schedule
-- When the next run of any schedule is due. Returns: due_at, null where none is.
SELECT min(due_at) FROM schedule WHERE due_at IS NOT NULL
--- next_generation
SELECT nextval('queue_generation')
--- note_array_ends
-- Notes those of some batches that are arrays of which all tasks have ended, and for which jobs still wait.
-- $1 uuid[]: batches. Returns: id of each.
INSERT INTO resolution (job)
SELECT batch.id FROM batch
WHERE batch.id = ANY ($1::uuid[]) AND batch.finished_at IS NOT NULL
  AND EXISTS (SELECT FROM dependency WHERE dependency.needs = batch.id)
ON CONFLICT (job) DO UPDATE SET job = excluded.job
RETURNING job
--- note_resolutions
-- Notes those of some ended jobs for which others still wait. $1 uuid[]: jobs.
INSERT INTO resolution (job)
SELECT ended.id FROM unnest($1::uuid[]) AS ended (id)
WHERE EXISTS (SELECT FROM dependency WHERE dependency.needs = ended.id)
ON CONFLICT DO NOTHING
--- note_tier_workers
-- Notes that workers of these sizes are there.
-- $1 text[]: tiers, $2 bigint[]: cpu_millicores, $3 bigint[]: memory_bytes, $4 bigint[]: gpu_thousandths.
INSERT INTO tier_worker (tier, cpu_millicores, memory_bytes, gpu_thousandths, seen_at)
SELECT DISTINCT new.*, now() FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[]) AS new
ON CONFLICT (tier, cpu_millicores, memory_bytes, gpu_thousandths)
  DO UPDATE SET seen_at = greatest(tier_worker.seen_at, excluded.seen_at)
--- notify_arrays
-- Wakes whoever makes the tasks of arrays, in whichever process, once the transaction is committed.
SELECT pg_notify('strata_arrays', '')
--- notify_schedules
-- Wakes whoever makes the runs of schedules, in whichever process, once the transaction is committed.
SELECT pg_notify('strata_schedules', '')
--- open_batch
-- Opens a batch, unless the tenant has one under this key. $1 uuid: batch, $2 uuid: tenant, $3 text: idempotency key or
-- null, $4 timestamptz: created_at.
INSERT INTO batch (id, tenant, idempotency_key, created_at) VALUES ($1::uuid, $2::uuid, $3::text, $4::timestamptz)
ON CONFLICT DO NOTHING
--- open_poor_arrays
-- Has arrays looked at that want the credits for a task: what a task costs has changed.
UPDATE job_array SET standing = 'ready' WHERE standing = 'poor' AND next_position < tasks
--- own_artifacts
-- Makes tenants owners of artifacts; what they own already stays as it is. $1 uuid[]: tenants, $2 bytea[]: digests,
-- $3 bigint[]: sizes in bytes. Returns: nothing.
INSERT INTO artifact_owner (tenant, digest, size_bytes)
SELECT tenant, digest, size_bytes
FROM unnest($1::uuid[], $2::bytea[], $3::bigint[]) AS given (tenant, digest, size_bytes)
ON CONFLICT DO NOTHING
--- pending_arrays_exist
-- Whether any array has tasks to make. Returns: one boolean.
SELECT EXISTS (SELECT FROM job_array WHERE next_position < tasks)
--- post_transfers
-- Writes two legs for each transfer.
-- $1 uuid[]: transactions, $2 uuid[]: accounts debited, $3 uuid[]: accounts credited, $4 bigint[]: amounts, $5: kind.
INSERT INTO entry (transaction, leg, account, side, amount, kind)
SELECT transfer.transaction, leg.number, CASE leg.number WHEN 0 THEN transfer.debited ELSE transfer.credited END,
  leg.side, transfer.amount, $5::text
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bigint[]) AS transfer (transaction, debited, credited, amount)
CROSS JOIN (VALUES (0, 'debit'), (1, 'credit')) AS leg (number, side)
ORDER BY transfer.transaction, leg.number
--- publish_prices
-- Adds a version for each price that differs from the one in force.
-- $1 text[]: names, $2 bigint[]: per_job, $3 bigint[]: per_cpu_second. Returns: the names changed.
INSERT INTO price (name, version, per_job, per_cpu_second, valid_from)
SELECT new.name, coalesce(old.version, 0) + 1, new.per_job, new.per_cpu_second, clock_timestamp()
FROM unnest($1::text[], $2::bigint[], $3::bigint[]) AS new (name, per_job, per_cpu_second)
LEFT JOIN (SELECT DISTINCT ON (name) * FROM price ORDER BY name, version DESC) AS old ON old.name = new.name
WHERE old.name IS NULL OR (old.per_job, old.per_cpu_second) <> (new.per_job, new.per_cpu_second)
RETURNING name
--- queue_policy
-- Returns: keep_room_after, keep_room_for, class_patience, priority_ageing, preempt_after; no row where nothing was ever said.
SELECT keep_room_after, keep_room_for, class_patience, priority_ageing, preempt_after FROM queue_policy
--- rate_tiers
-- Puts rates in force for the tiers that have none.
-- $1 text[]: tiers, $2 bigint[]: cpu_hour, $3 bigint[]: memory_gibibyte_hour, $4 bigint[]: wall_hour.
-- Returns: the tiers that had none.
INSERT INTO tier_rate (tier, version, cpu_hour, memory_gibibyte_hour, wall_hour, valid_from)
SELECT new.tier, 1, new.cpu_hour, new.memory_gibibyte_hour, new.wall_hour, clock_timestamp()
FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[])
  AS new (tier, cpu_hour, memory_gibibyte_hour, wall_hour)
WHERE NOT EXISTS (SELECT FROM tier_rate WHERE tier_rate.tier = new.tier)
RETURNING tier
--- release_jobs
-- Lets blocked jobs run. $1 uuid[]: jobs. Returns: the columns of list_unfinished.
UPDATE job SET state = 'queued', blockers = 0 FROM tenant
WHERE job.id = ANY ($1::uuid[]) AND tenant.id = job.tenant
RETURNING job.id, job.tenant, job.capability, job.version, job.tier, job.priority, job.attempts_max, job.params,
  job.inputs, job.timeout_seconds, job.cpu_millicores, job.memory_bytes, job.gpu_thousandths, job.retry, job.task,
  job.preemption, job.alternatives, 0::bigint, 0::bigint, job.cancel_requested, job.run_at, job.start_by, tenant.priority_class
--- request_cancel
-- Notes that the owner of a job wants it cancelled. $1 uuid: job.
UPDATE job SET cancel_requested = true WHERE id = $1::uuid AND finished_at IS NULL
--- request_cancels
-- Notes that the owner of some jobs wants them cancelled. $1 uuid[]: jobs.
UPDATE job SET cancel_requested = true WHERE id = ANY ($1::uuid[]) AND finished_at IS NULL
--- revoke_key
-- Revokes a key of a tenant, which the caller has locked. Its last valid one is kept unless $3. Revoking again changes
-- nothing. $1 uuid: key, $2 uuid: tenant, $3 boolean: whether it may be the last.
-- Returns: the columns of APIKey; revoked_at is null where it was kept. No row where there is no such key.
WITH revoked AS (
  UPDATE api_key SET revoked_at = now()
  WHERE id = $1::uuid AND tenant = $2::uuid AND revoked_at IS NULL
    AND ($3::boolean OR EXISTS (
      SELECT FROM api_key AS other WHERE other.tenant = $2::uuid AND other.id <> $1::uuid AND other.revoked_at IS NULL))
  RETURNING id, revoked_at
)
SELECT api_key.id, api_key.name, api_key.prefix, api_key.created_at, coalesce(revoked.revoked_at, api_key.revoked_at)
FROM api_key LEFT JOIN revoked ON revoked.id = api_key.id
WHERE api_key.id = $1::uuid AND api_key.tenant = $2::uuid
--- summarise_usage
-- What a tenant's attempts that ended in a period used, cost and were charged, by the name sold.
-- $1 uuid: tenant, $2, $3 timestamptz: from, until (excluded).
-- Returns: sold_as, jobs, attempts, cpu_microseconds, wall_microseconds, cost, charged.
SELECT job.sold_as, count(DISTINCT usage.job), count(*), sum(usage.cpu_microseconds)::bigint,
  sum(usage.wall_microseconds)::bigint, sum(usage.cost)::bigint,
  coalesce(sum(job.charged) FILTER (WHERE usage.ending = 'succeeded'), 0)::bigint
FROM usage JOIN job ON job.id = usage.job
WHERE usage.tenant = $1::uuid AND usage.ended_at >= $2::timestamptz AND usage.ended_at < $3::timestamptz
GROUP BY job.sold_as ORDER BY job.sold_as
--- trim_tier_workers
-- Forgets the sizes of $1 text[] tiers beyond the $2 bigint that were seen last of each; of equally old ones the smaller
-- go. Those of workers that live are noted every minute, and stay, however many there are.
DELETE FROM tier_worker USING (
  SELECT tier, cpu_millicores, memory_bytes, gpu_thousandths, seen_at, row_number() OVER (
    PARTITION BY tier ORDER BY seen_at DESC, cpu_millicores DESC, memory_bytes DESC, gpu_thousandths DESC) AS place
  FROM tier_worker WHERE tier = ANY ($1::text[])
) AS placed
WHERE placed.place > $2::bigint AND placed.seen_at < now() - interval '2 minutes' AND tier_worker.tier = placed.tier
  AND tier_worker.cpu_millicores = placed.cpu_millicores AND tier_worker.memory_bytes = placed.memory_bytes
  AND tier_worker.gpu_thousandths = placed.gpu_thousandths
--- verify
-- Every breach of the ledger's invariants, by reading everything. $1 bigint: at most this many.
-- Returns: rule, subject, expected, found.
WITH posting AS (
  SELECT account,
    sum(CASE side WHEN 'debit' THEN amount ELSE -amount END) AS net,
    sum(CASE side WHEN 'debit' THEN amount ELSE -amount END) FILTER (WHERE kind = 'charge') AS charged,
    sum(CASE side WHEN 'credit' THEN amount ELSE -amount END) FILTER (WHERE kind = 'grant') AS granted
  FROM entry GROUP BY account
), holding AS (
  SELECT account, sum(amount) AS held FROM hold WHERE state = 'open' GROUP BY account
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
  SELECT 'transaction_unbalanced', transaction::text, debits::text, credits::text FROM (
    SELECT transaction, coalesce(sum(amount) FILTER (WHERE side = 'debit'), 0) AS debits,
      coalesce(sum(amount) FILTER (WHERE side = 'credit'), 0) AS credits
    FROM entry GROUP BY transaction) AS balance
  WHERE debits <> credits
  UNION ALL
  SELECT 'entry_without_account', entry.transaction::text, entry.account::text, 'none' FROM entry
  WHERE NOT EXISTS (SELECT FROM account WHERE account.id = entry.account)
  UNION ALL
  SELECT 'hold_outlives_job', job.id::text, 'closed', 'open' FROM job JOIN hold ON hold.job = job.id
  WHERE job.finished_at IS NOT NULL AND hold.state = 'open'
  UNION ALL
  SELECT 'job_without_open_hold', job.id::text, 'open', coalesce(hold.state, 'none')
  FROM job LEFT JOIN hold ON hold.job = job.id
  WHERE job.finished_at IS NULL AND hold.state IS DISTINCT FROM 'open'
  UNION ALL
  SELECT 'hold_without_job', hold.job::text, 'a job', 'none' FROM hold
  WHERE NOT EXISTS (SELECT FROM job WHERE job.id = hold.job)
  UNION ALL
  SELECT 'hold_of_another', job.id::text, job.tenant::text || ' ' || job.hold_amount,
    hold.account::text || ' ' || hold.amount
  FROM job JOIN hold ON hold.job = job.id
  WHERE (hold.account, hold.amount) <> (job.tenant, job.hold_amount)
  UNION ALL
  SELECT 'charge_over_hold', job.id::text, job.hold_amount::text, job.charged::text FROM job
  WHERE job.charged > job.hold_amount
  UNION ALL
  SELECT 'charge_not_posted', job.id::text, coalesce(job.charged, 0)::text, coalesce(debit.amount, 0)::text
  FROM job LEFT JOIN entry AS debit
    ON debit.transaction = job.id AND debit.account = job.tenant AND debit.side = 'debit'
  WHERE coalesce(job.charged, 0) <> coalesce(debit.amount, 0)
  UNION ALL
  SELECT 'charge_of_hold', job.id::text, job.charged::text, hold.charged::text
  FROM job JOIN hold ON hold.job = job.id
  WHERE job.charged IS DISTINCT FROM hold.charged
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
--- verify_scans
SET LOCAL enable_seqscan = on
--- verify_snapshot
-- All reads of the transaction see one instant. Reading everything goes by scans, which the connection prices out.
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY
--- verify_totals
-- Returns: sum of debits, sum of credits, entries, accounts, jobs, open holds.
SELECT
  (SELECT coalesce(sum(amount), 0)::text FROM entry WHERE side = 'debit'),
  (SELECT coalesce(sum(amount), 0)::text FROM entry WHERE side = 'credit'),
  (SELECT count(*) FROM entry), (SELECT count(*) FROM account), (SELECT count(*) FROM job),
  (SELECT count(*) FROM hold WHERE state = 'open')
