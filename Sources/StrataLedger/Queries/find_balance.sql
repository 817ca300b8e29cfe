-- $1 uuid: tenant. Returns: posted, held, limit_.
SELECT posted, held, limit_ FROM account WHERE id = $1::uuid AND kind = 'tenant'
