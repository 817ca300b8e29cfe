#include "CGDAL.h"

#include <dlfcn.h>
#include <stdio.h>

// That of Debian 12, and the one whose headers this was built with where it is another.
static const char *const libraries[] = {"libgdal.so.32", "libgdal.so"};

static int fail(char *complaint, int size) {
  const char *reason = dlerror();
  snprintf(complaint, (size_t)size, "%s", reason ? reason : "no reason is given");
  return -1;
}

int strata_gdal_load(struct strata_gdal *table, char *complaint, int size) {
  void *library = NULL;
  for (size_t index = 0; !library && index < sizeof libraries / sizeof *libraries; index++)
    library = dlopen(libraries[index], RTLD_NOW | RTLD_LOCAL);
  if (!library) return fail(complaint, size);
#define STRATA_GDAL_FIND(name) \
  if (!(table->name = (__typeof__(name) *)dlsym(library, #name))) return fail(complaint, size);
  STRATA_GDAL_FUNCTIONS(STRATA_GDAL_FIND)
#undef STRATA_GDAL_FIND
  return 0;
}
