-- Makes tiers known that are not. $1 text[]: names.
INSERT INTO tier (name) SELECT DISTINCT unnest($1::text[]) ON CONFLICT DO NOTHING
