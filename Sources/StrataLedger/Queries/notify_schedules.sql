-- Wakes whoever makes the runs of schedules, in whichever process, once the transaction is committed.
SELECT pg_notify('strata_schedules', '')
