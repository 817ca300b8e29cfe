-- Forgets $1 text tier with its declared size and the sizes seen, unless jobs of it are unfinished. Its rates stay: what
-- ran on it was costed by them.
-- Returns: whether it was known, how many jobs of it are unfinished.
WITH used AS (SELECT count(*) AS jobs FROM job WHERE finished_at IS NULL AND tier = $1::text),
  gone AS (DELETE FROM tier USING used WHERE tier.name = $1::text AND used.jobs = 0)
SELECT EXISTS (SELECT FROM tier WHERE name = $1::text), used.jobs FROM used
