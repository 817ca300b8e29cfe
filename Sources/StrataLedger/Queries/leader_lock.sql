-- Waits until this session leads a role; the lead ends with the session. $1 bigint: the role.
SELECT pg_advisory_lock(7310580, $1::bigint::integer)
