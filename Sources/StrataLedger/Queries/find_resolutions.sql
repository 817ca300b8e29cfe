-- Ended jobs whose dependants have not all been told. $1 bigint: at most. Returns: job.
SELECT job FROM resolution ORDER BY job LIMIT $1::bigint
