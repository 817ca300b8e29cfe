-- $1 text: the identity of an artifact store. Returns that of the store this database belongs with: the one given where
-- none was known.
INSERT INTO artifact_store (identity) VALUES ($1::text)
ON CONFLICT (is_only) DO UPDATE SET identity = artifact_store.identity
RETURNING identity
