-- $1…$15, arrays, one element per attempt, in the order of the columns.
INSERT INTO usage (job, token, tenant, worker, ending, tier, cpu_microseconds, wall_microseconds, memory_peak_bytes,
  cost, started_at, ended_at, error, preempted_by, units)
SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::bigint[],
  $8::bigint[], $9::bigint[], $10::bigint[], $11::timestamptz[], $12::timestamptz[], $13::json[], $14::bigint[],
  $15::bigint[])
