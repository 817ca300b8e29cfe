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
