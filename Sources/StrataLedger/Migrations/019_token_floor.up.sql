-- The token that a rebuilt queue begins after, so that it is beyond that of every rebuild before, also where nothing has ended
-- since and the clock has not come that far.
CREATE SEQUENCE queue_token_floor AS bigint MINVALUE 0 START WITH 0;
