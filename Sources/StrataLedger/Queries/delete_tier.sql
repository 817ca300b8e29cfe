-- Forgets $1 text tier with its declared size and the sizes seen, unless unfinished jobs, or arrays with tasks to be made,
-- name it, as an alternative too. Its rates stay: what ran on it was costed by them.
-- Returns: whether it was known, how many do.
WITH naming AS (
    SELECT tier, alternatives FROM job WHERE finished_at IS NULL
    UNION ALL
    SELECT draft->>'tier', draft->'alternatives' FROM job_array WHERE next_position < tasks
  ),
  used AS (
    SELECT count(*) AS jobs FROM naming WHERE tier = $1::text
      OR EXISTS (SELECT FROM json_array_elements(alternatives) AS way WHERE way->>'tier' = $1::text)
  ),
  gone AS (DELETE FROM tier USING used WHERE tier.name = $1::text AND used.jobs = 0)
SELECT EXISTS (SELECT FROM tier WHERE name = $1::text), used.jobs FROM used
