// The definition files of workers/capabilities, embedded so that the binary needs nothing beside it.
#pragma once
#include <stddef.h>

struct strata_capability_definition {
  const char *folder;  // below workers/capabilities
  const unsigned char *json;
  size_t length;
};

// How many there are, and the one at `index`, which must be less.
size_t strata_capability_definition_count(void);
struct strata_capability_definition strata_capability_definition(size_t index);
