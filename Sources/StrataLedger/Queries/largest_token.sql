-- The largest token of an ended attempt, 0 where there is none.
SELECT coalesce((SELECT token FROM usage ORDER BY token DESC LIMIT 1), 0)
