#include "CCapabilityDefinitions.h"

// `#embed` is C23, which clang offers in every mode and warns of outside C23.
#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char command_run[] = {
#embed "../../workers/capabilities/command.run/capability.json"
};
static const unsigned char noop[] = {
#embed "../../workers/capabilities/noop/capability.json"
};
static const unsigned char pointcloud_change[] = {
#embed "../../workers/capabilities/pointcloud.change/capability.json"
};
static const unsigned char pointcloud_clusters[] = {
#embed "../../workers/capabilities/pointcloud.clusters/capability.json"
};
static const unsigned char pointcloud_colourise[] = {
#embed "../../workers/capabilities/pointcloud.colourise/capability.json"
};
static const unsigned char pointcloud_convert[] = {
#embed "../../workers/capabilities/pointcloud.convert/capability.json"
};
static const unsigned char pointcloud_crop[] = {
#embed "../../workers/capabilities/pointcloud.crop/capability.json"
};
static const unsigned char pointcloud_features[] = {
#embed "../../workers/capabilities/pointcloud.features/capability.json"
};
static const unsigned char pointcloud_ground[] = {
#embed "../../workers/capabilities/pointcloud.ground/capability.json"
};
static const unsigned char pointcloud_merge[] = {
#embed "../../workers/capabilities/pointcloud.merge/capability.json"
};
static const unsigned char pointcloud_outliers[] = {
#embed "../../workers/capabilities/pointcloud.outliers/capability.json"
};
static const unsigned char pointcloud_pipeline[] = {
#embed "../../workers/capabilities/pointcloud.pipeline/capability.json"
};
static const unsigned char pointcloud_planes[] = {
#embed "../../workers/capabilities/pointcloud.planes/capability.json"
};
static const unsigned char pointcloud_raster[] = {
#embed "../../workers/capabilities/pointcloud.raster/capability.json"
};
static const unsigned char pointcloud_reproject[] = {
#embed "../../workers/capabilities/pointcloud.reproject/capability.json"
};
static const unsigned char pointcloud_simulate[] = {
#embed "../../workers/capabilities/pointcloud.simulate/capability.json"
};
static const unsigned char pointcloud_thin[] = {
#embed "../../workers/capabilities/pointcloud.thin/capability.json"
};

static const struct strata_capability_definition definitions[] = {
    {"command.run", command_run, sizeof command_run},
    {"noop", noop, sizeof noop},
    {"pointcloud.change", pointcloud_change, sizeof pointcloud_change},
    {"pointcloud.clusters", pointcloud_clusters, sizeof pointcloud_clusters},
    {"pointcloud.colourise", pointcloud_colourise, sizeof pointcloud_colourise},
    {"pointcloud.convert", pointcloud_convert, sizeof pointcloud_convert},
    {"pointcloud.crop", pointcloud_crop, sizeof pointcloud_crop},
    {"pointcloud.features", pointcloud_features, sizeof pointcloud_features},
    {"pointcloud.ground", pointcloud_ground, sizeof pointcloud_ground},
    {"pointcloud.merge", pointcloud_merge, sizeof pointcloud_merge},
    {"pointcloud.outliers", pointcloud_outliers, sizeof pointcloud_outliers},
    {"pointcloud.pipeline", pointcloud_pipeline, sizeof pointcloud_pipeline},
    {"pointcloud.planes", pointcloud_planes, sizeof pointcloud_planes},
    {"pointcloud.raster", pointcloud_raster, sizeof pointcloud_raster},
    {"pointcloud.reproject", pointcloud_reproject, sizeof pointcloud_reproject},
    {"pointcloud.simulate", pointcloud_simulate, sizeof pointcloud_simulate},
    {"pointcloud.thin", pointcloud_thin, sizeof pointcloud_thin},
};

size_t strata_capability_definition_count(void) { return sizeof definitions / sizeof definitions[0]; }

struct strata_capability_definition strata_capability_definition(size_t index) { return definitions[index]; }
