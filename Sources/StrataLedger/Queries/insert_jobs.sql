-- $1…$39, arrays, one element per job, in the order of the columns.
INSERT INTO job (id, tenant, capability, version, sold_as, price_version, tier, priority, attempts_max, params, inputs,
  timeout_seconds, cpu_millicores, memory_bytes, idempotency_key, fingerprint, hold_amount, created_at, gpu_thousandths,
  retry, run_at, state, blockers, after, on_dependency, batch, unique_key, unique_seconds, retry_of,
  schedule, schedule_instant, start_by, task, preemption, alternatives, name, labels, awaited, units_max)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::bigint[], $5::text[], $6::bigint[], $7::text[],
  $8::bigint[], $9::bigint[], $10::json[], $11::json[], $12::bigint[], $13::bigint[], $14::bigint[], $15::text[],
  $16::bytea[], $17::bigint[], $18::timestamptz[], $19::bigint[], $20::json[], $21::timestamptz[], $22::text[],
  $23::bigint[], $24::json[], $25::text[], $26::uuid[], $27::text[], $28::bigint[], $29::uuid[],
  $30::uuid[], $31::timestamptz[], $32::timestamptz[], $33::json[], $34::json[], $35::json[], $36::text[],
  $37::json[], $38::json[], $39::bigint[])
