-- Notes those of some ended jobs for which others still wait. $1 uuid[]: jobs.
INSERT INTO resolution (job)
SELECT ended.id FROM unnest($1::uuid[]) AS ended (id)
WHERE EXISTS (SELECT FROM dependency WHERE dependency.needs = ended.id)
ON CONFLICT DO NOTHING
