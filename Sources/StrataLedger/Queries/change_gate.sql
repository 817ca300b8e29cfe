-- $1 text: kind, $2 text: name; $3 boolean: whether its limit becomes $4 bigint (null for none); $5 boolean: whether it is
-- paused, null leaves that as it is. Returns: kind, name, running_max, is_paused.
INSERT INTO gate (kind, name, running_max, is_paused)
VALUES ($1::text, $2::text, CASE WHEN $3::boolean THEN $4::bigint END, coalesce($5::boolean, false))
ON CONFLICT (kind, name) DO UPDATE SET
  running_max = CASE WHEN $3::boolean THEN $4::bigint ELSE gate.running_max END,
  is_paused = coalesce($5::boolean, gate.is_paused)
RETURNING kind, name, running_max, is_paused
