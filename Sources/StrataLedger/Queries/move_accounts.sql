-- Adds to accounts; each account at most once. The table refuses to pass a limit.
-- $1 uuid[]: accounts, $2 bigint[]: to posted, $3 bigint[]: to held, $4 bigint[]: to limit_.
UPDATE account
SET posted = account.posted + move.posted, held = account.held + move.held, limit_ = account.limit_ + move.granted
FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[]) AS move (id, posted, held, granted)
WHERE account.id = move.id
