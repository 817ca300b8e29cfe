-- What has been applied. Run before every migration; changes nothing once there.
CREATE TABLE IF NOT EXISTS schema_migration (
  version bigint PRIMARY KEY,
  name text NOT NULL,
  -- SHA-256 of the migration's text.
  checksum bytea NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT now()
);
