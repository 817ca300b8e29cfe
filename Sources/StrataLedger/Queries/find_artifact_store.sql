-- Returns the identity of the artifact store that this database belongs with; nothing where none has been claimed.
SELECT identity FROM artifact_store
