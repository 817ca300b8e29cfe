-- $1 uuid: tenant, $2 text: name, $3 text: plan.
WITH added AS (INSERT INTO tenant (id, name, plan) VALUES ($1::uuid, $2::text, $3::text) RETURNING id, name)
INSERT INTO account (id, kind, name, limit_) SELECT id, 'tenant', name, 0 FROM added
