-- Opens a batch, unless the tenant has one under this key. $1 uuid: batch, $2 uuid: tenant, $3 text: idempotency key or
-- null, $4 timestamptz: created_at.
INSERT INTO batch (id, tenant, idempotency_key, created_at) VALUES ($1::uuid, $2::uuid, $3::text, $4::timestamptz)
ON CONFLICT DO NOTHING
