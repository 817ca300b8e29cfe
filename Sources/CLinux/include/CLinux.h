// What Linux offers and Swift's Glibc module leaves out.
#pragma once
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>

// Names the calling thread; pthread_setname_np is a GNU extension that the Glibc module does not see.
void strata_name_this_thread(const char *name);

// accept4(2) of a connection that blocks nobody and that no child process inherits.
int strata_accept(int listener);
