#include "CCapabilityDefinitions.h"

// `#embed` is C23, which clang offers in every mode and warns of outside C23.
#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char command_run[] = {
#embed "../../workers/capabilities/command.run/capability.json"
};
static const unsigned char noop[] = {
#embed "../../workers/capabilities/noop/capability.json"
};
static const unsigned char pointcloud_convert[] = {
#embed "../../workers/capabilities/pointcloud.convert/capability.json"
};
static const unsigned char pointcloud_ground[] = {
#embed "../../workers/capabilities/pointcloud.ground/capability.json"
};
static const unsigned char pointcloud_raster[] = {
#embed "../../workers/capabilities/pointcloud.raster/capability.json"
};

static const struct strata_capability_definition definitions[] = {
    {"command.run", command_run, sizeof command_run},
    {"noop", noop, sizeof noop},
    {"pointcloud.convert", pointcloud_convert, sizeof pointcloud_convert},
    {"pointcloud.ground", pointcloud_ground, sizeof pointcloud_ground},
    {"pointcloud.raster", pointcloud_raster, sizeof pointcloud_raster},
};

size_t strata_capability_definition_count(void) { return sizeof definitions / sizeof definitions[0]; }

struct strata_capability_definition strata_capability_definition(size_t index) { return definitions[index]; }
