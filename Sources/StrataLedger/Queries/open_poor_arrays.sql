-- Has arrays looked at that want the credits for a task: what a task costs has changed.
UPDATE job_array SET standing = 'ready' WHERE standing = 'poor' AND next_position < tasks
