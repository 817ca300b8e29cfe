#include "CAllocations.h"
#include <stddef.h>

// The C library's own, under the name by which whoever stands before it calls it.
extern void *__libc_malloc(size_t size);

static _Thread_local long long count;

// A program's own definition is everybody's, in all libraries that it loads.
void *malloc(size_t size) {
  count += 1;
  return __libc_malloc(size);
}

long long allocations_of_thread(void) { return count; }
