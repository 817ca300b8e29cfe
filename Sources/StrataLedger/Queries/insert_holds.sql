-- $1 uuid[]: jobs, $2 uuid[]: accounts, $3 bigint[]: amounts.
INSERT INTO hold (job, account, amount) SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bigint[])
