-- Whether any session of this database leads a role. $1 bigint: the role. Returns: one boolean.
SELECT EXISTS (
  SELECT FROM pg_locks
  WHERE locktype = 'advisory' AND granted AND classid = 7310580 AND objid = $1::bigint::oid AND objsubid = 2
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
)
