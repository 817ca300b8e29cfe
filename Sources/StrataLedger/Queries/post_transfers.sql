-- $1 uuid[]: their identifiers, $2 uuid[]: accounts debited, $3 uuid[]: accounts credited, $4 bigint[]: amounts, $5: kind.
INSERT INTO transfer (id, debited, credited, amount, kind)
SELECT id, debited, credited, amount, $5::text
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bigint[]) AS posted (id, debited, credited, amount)
