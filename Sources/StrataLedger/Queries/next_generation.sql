-- $1 bigint: how many tokens are passed over. Returns: a new number of a generation; a token beyond the floors of all before it
-- and beyond the tokens of all ended attempts, by as many.
SELECT nextval('queue_generation'), setval('queue_token_floor', $1::bigint + greatest(
  (SELECT last_value FROM queue_token_floor), (SELECT token FROM usage ORDER BY token DESC LIMIT 1)))
