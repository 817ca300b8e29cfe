-- Whether the owner of a job has asked to cancel it: what the queue was told and forgot is known here.
ALTER TABLE job ADD COLUMN cancel_requested boolean NOT NULL DEFAULT false;
-- How often the job was put back into the queue because an entry of it there could not be read.
ALTER TABLE job ADD COLUMN unreadable_restores bigint NOT NULL DEFAULT 0;
