// The queue's Lua scripts, embedded.
#pragma once

// The text of queues/redis/scripts/<name>.lua; NULL if there is none.
const char *strata_queue_script(const char *name);
