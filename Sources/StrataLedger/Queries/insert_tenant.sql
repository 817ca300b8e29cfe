-- $1 uuid: tenant, $2 text: name, $3 text: plan, $4 boolean: whether it is an operator.
WITH added AS (
  INSERT INTO tenant (id, name, plan, is_operator) VALUES ($1::uuid, $2::text, $3::text, $4::boolean) RETURNING id, name
)
INSERT INTO account (id, kind, name, limit_) SELECT id, 'tenant', name, 0 FROM added
