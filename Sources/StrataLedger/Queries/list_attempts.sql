-- The ended attempts of a job, in order of their tokens. $1 uuid: job.
-- Returns: token, worker, ending, tier, cpu_microseconds, wall_microseconds, memory_peak_bytes, units, cost,
-- started_at, ended_at, error, preempted_by.
SELECT token, worker, ending, tier, cpu_microseconds, wall_microseconds, memory_peak_bytes, units, cost, started_at,
  ended_at, error, preempted_by
FROM usage WHERE job = $1::uuid ORDER BY token
