// GDAL, loaded when it is first needed: with the hundred libraries behind it, it takes more time and memory than most
// commands that never call it. The functions have the types of GDAL's own headers, so the compiler checks every call.
#pragma once
#include <gdal/cpl_conv.h>
#include <gdal/cpl_error.h>
#include <gdal/cpl_string.h>
#include <gdal/cpl_vsi.h>
#include <gdal/gdal.h>
#include <gdal/gdal_alg.h>
#include <gdal/ogr_api.h>
#include <gdal/ogr_srs_api.h>

// The functions that are used. A direct call of any other does not link.
#define STRATA_GDAL_FUNCTIONS(F) \
  F(CPLErrorReset) F(CPLGetLastErrorMsg) F(CPLGetLastErrorType) F(CPLPopErrorHandler) \
  F(CPLPushErrorHandler) F(CPLQuietErrorHandler) F(CPLSetThreadLocalConfigOption) F(CSLAddString) \
  F(CSLDestroy) F(GDALAllRegister) F(GDALClose) F(GDALContourGenerateEx) F(GDALCreate) \
  F(GDALCreateCopy) F(GDALDatasetCreateLayer) F(GDALGetDriverByName) F(GDALGetProjectionRef) \
  F(GDALGetGeoTransform) F(GDALGetRasterBand) F(GDALGetRasterColorInterpretation) F(GDALGetRasterCount) \
  F(GDALGetRasterDataType) F(GDALGetRasterNoDataValue) F(GDALGetRasterXSize) F(GDALGetRasterYSize) \
  F(GDALInvGeoTransform) F(GDALOpen) F(GDALRasterIO) F(GDALRasterIOEx) F(GDALSetCacheMax64) F(GDALSetDescription) \
  F(GDALSetGeoTransform) \
  F(GDALSetProjection) F(GDALSetRasterColorInterpretation) F(GDALSetRasterNoDataValue) \
  F(OCTCoordinateTransformationOptionsSetBallparkAllowed) F(OCTDestroyCoordinateTransformation) \
  F(OCTDestroyCoordinateTransformationOptions) F(OCTNewCoordinateTransformationEx) \
  F(OCTNewCoordinateTransformationOptions) F(OCTTransformEx) \
  F(OGR_Fld_Create) F(OGR_Fld_Destroy) F(OGR_L_CreateField) F(OSRAutoIdentifyEPSG) \
  F(OSRDestroySpatialReference) F(OSRExportToWkt) F(OSRFindMatches) F(OSRFreeSRSArray) \
  F(OSRGetAuthorityCode) F(OSRGetAuthorityName) F(OSRGetLinearUnits) F(OSRGetName) \
  F(OSRGetTargetLinearUnits) F(OSRIsCompound) F(OSRIsGeographic) F(OSRNewSpatialReference) \
  F(OSRSetAxisMappingStrategy) F(OSRSetFromUserInput) F(VSIFCloseL) F(VSIFileFromMemBuffer) F(VSIFree) \
  F(VSIUnlink)

#define STRATA_GDAL_MEMBER(name) __typeof__(name) *name;
struct strata_gdal {
  STRATA_GDAL_FUNCTIONS(STRATA_GDAL_MEMBER)
};
#undef STRATA_GDAL_MEMBER

// Loads GDAL for the rest of the process and fills the table. Returns 0, or -1 with the dynamic linker's complaint in
// `complaint`, which it ends with NUL.
int strata_gdal_load(struct strata_gdal *table, char *complaint, int size);
