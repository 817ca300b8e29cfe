#include "CLAPACK.h"

#include <dlfcn.h>
#include <stdio.h>

static const char *const libraries[] = {"libopenblas.so.0", "libopenblas.so", "liblapack.so.3"};

static int fail(char *complaint, int size) {
  const char *reason = dlerror();
  snprintf(complaint, (size_t)size, "%s", reason ? reason : "no reason is given");
  return -1;
}

int strata_lapack_load(struct strata_lapack *table, char *complaint, int size) {
  void *library = NULL;
  for (size_t index = 0; !library && index < sizeof libraries / sizeof *libraries; index++)
    library = dlopen(libraries[index], RTLD_NOW | RTLD_LOCAL);
  if (!library) return fail(complaint, size);
#define STRATA_LAPACK_FIND(name) \
  if (!(table->name = (__typeof__(name) *)dlsym(library, #name))) return fail(complaint, size);
  STRATA_LAPACK_FUNCTIONS(STRATA_LAPACK_FIND)
#undef STRATA_LAPACK_FIND
  // Its callers are parallel themselves. The reference has no such functions, no threads and no shared buffers.
  void (*set_threads)(int) = (void (*)(int))dlsym(library, "openblas_set_num_threads");
  if (set_threads) set_threads(1);
  int (*get_parallel)(void) = (int (*)(void))dlsym(library, "openblas_get_parallel");
  table->is_serial = get_parallel && get_parallel() == 0;
  return 0;
}
