-- A batch of a tenant is found by a part of its identifier, however many batches the others have.
CREATE INDEX batch_tenant ON batch (tenant, id);
