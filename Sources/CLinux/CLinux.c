#define _GNU_SOURCE
#include "CLinux.h"
#include <pthread.h>

void strata_name_this_thread(const char *name) { pthread_setname_np(pthread_self(), name); }
