-- One publisher at a time, so that versions have no gaps. Held until the transaction ends.
SELECT pg_advisory_xact_lock(7310579, 1)
