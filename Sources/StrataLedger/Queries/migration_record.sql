-- $1 bigint: version, $2 text: name, $3 text: its text.
INSERT INTO schema_migration (version, name, checksum)
VALUES ($1::bigint, $2::text, sha256(convert_to($3::text, 'UTF8')))
