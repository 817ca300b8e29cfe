-- Returns: the time by the server's clock, when it is read and not when a transaction began.
SELECT clock_timestamp()
