-- Wakes whoever makes the tasks of arrays, in whichever process, once the transaction is committed.
SELECT pg_notify('strata_arrays', '')
