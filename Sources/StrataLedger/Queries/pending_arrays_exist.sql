-- Whether any array has tasks to make. Returns: one boolean.
SELECT EXISTS (SELECT FROM job_array WHERE next_position < tasks)
