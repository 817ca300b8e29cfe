-- Whether the server is still there.
SELECT 1
