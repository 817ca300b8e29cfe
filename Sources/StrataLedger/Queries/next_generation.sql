SELECT nextval('queue_generation')
