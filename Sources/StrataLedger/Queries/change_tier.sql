-- Makes a tier known. $1 text: name; $2 boolean: whether its declared size becomes $3 bigint millicores, $4 bigint bytes of
-- memory and $5 bigint thousandths of GPUs (all null for none).
INSERT INTO tier (name, cpu_millicores, memory_bytes, gpu_thousandths)
VALUES ($1::text, $3::bigint, $4::bigint, $5::bigint)
ON CONFLICT (name) DO UPDATE SET
  cpu_millicores = CASE WHEN $2::boolean THEN $3::bigint ELSE tier.cpu_millicores END,
  memory_bytes = CASE WHEN $2::boolean THEN $4::bigint ELSE tier.memory_bytes END,
  gpu_thousandths = CASE WHEN $2::boolean THEN $5::bigint ELSE tier.gpu_thousandths END
