-- How often jobs were preempted. $1 uuid[]: jobs. Returns, per job that was: id, how often.
SELECT job, count(*) FROM usage WHERE job = ANY ($1::uuid[]) AND ending = 'preempted' GROUP BY job
