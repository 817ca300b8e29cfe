-- Which tenants may read an artifact and give it to jobs: those who uploaded it, and those whose jobs made it. The bytes
-- themselves are kept once, whoever owns them.
CREATE TABLE artifact_owner (
  tenant uuid NOT NULL,
  -- SHA-256 of the bytes.
  digest bytea NOT NULL CHECK (octet_length(digest) = 32),
  size_bytes bigint NOT NULL CHECK (size_bytes >= 0),
  since timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant, digest)
);
