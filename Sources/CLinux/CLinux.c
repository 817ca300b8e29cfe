#define _GNU_SOURCE
#include "CLinux.h"
#include <pthread.h>
#include <sys/socket.h>

void strata_name_this_thread(const char *name) { pthread_setname_np(pthread_self(), name); }

int strata_accept(int listener) { return accept4(listener, 0, 0, SOCK_CLOEXEC | SOCK_NONBLOCK); }
