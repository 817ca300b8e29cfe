// How often a thread has allocated memory, for tests.
#pragma once

// Calls of malloc by this thread since it began. Swift's objects and buffers are made by it.
long long allocations_of_thread(void);
