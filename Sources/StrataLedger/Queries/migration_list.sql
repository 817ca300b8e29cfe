-- The migrations applied. $1 text[]: the texts known here, in order of version from 1.
-- Returns: version, and whether its text is the one applied (null where unknown here).
SELECT applied.version, sha256(convert_to(known.text, 'UTF8')) = applied.checksum
FROM schema_migration AS applied
LEFT JOIN unnest($1::text[]) WITH ORDINALITY AS known (text, version) ON known.version = applied.version
ORDER BY applied.version
