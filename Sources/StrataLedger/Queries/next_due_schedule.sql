-- When the next run of any schedule is due. Returns: due_at, null where none is.
SELECT min(due_at) FROM schedule WHERE due_at IS NOT NULL
