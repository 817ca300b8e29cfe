-- All reads of the transaction see one instant. Reading everything goes by scans, which the connection prices out.
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY
