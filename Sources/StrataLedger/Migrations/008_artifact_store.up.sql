-- Where the files lie that jobs take and leave: one row, since the rows of this database name what is in that store and
-- in no other.
CREATE TABLE artifact_store (
  is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
  -- Made by the store itself and kept in its folder.
  identity text NOT NULL
);
