import CGDAL

/// Writes lines of equal height, which GDAL finds.
package enum ContourFile {
  /// Writes a GeoJSON file with a line for each contour, and its height as the property `elev`. Heights of cells are taken to
  /// be those at their centres.
  ///
  /// - Parameters:
  ///   - raster: the path of a GeoTIFF of heights, as `RasterOutput` writes it; no line crosses a cell without one.
  ///   - interval: the difference between two lines; there is one at 0.
  package static func write(
    raster path: String, interval: Double, wkt: String?, to target: String
  ) throws(PointCloudError) {
    try RasterFile.write("GeoJSON", to: target) { gdal, temporaryPath in
      guard let raster = unsafe gdal.GDALOpen(path, GA_ReadOnly) else { return nil }
      defer { unsafe gdal.GDALClose(raster) }
      guard let band = unsafe gdal.GDALGetRasterBand(raster, 1),
        let driver = unsafe gdal.GDALGetDriverByName("GeoJSON"),
        let file = unsafe gdal.GDALCreate(driver, temporaryPath, 0, 0, 0, GDT_Unknown, nil)
      else { return nil }
      defer { unsafe gdal.GDALClose(file) }
      guard let layer = unsafe layer(gdal, file, wkt) else { return nil }
      var options: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
      for option in ["LEVEL_INTERVAL=\(interval)", "NODATA=\(RasterFile.noData)", "ID_FIELD=0", "ELEV_FIELD=1"] {
        unsafe options = gdal.CSLAddString(options, option)
      }
      defer { unsafe gdal.CSLDestroy(options) }
      let status = unsafe gdal.GDALContourGenerateEx(band, UnsafeMutableRawPointer(layer), options, nil, nil)
      return status == CE_None ? () : nil
    }
  }

  private static func layer(_ gdal: strata_gdal, _ file: GDALDatasetH, _ wkt: String?) -> OGRLayerH? {
    let system = unsafe wkt.flatMap { unsafe gdal.OSRNewSpatialReference($0) }
    defer { unsafe gdal.OSRDestroySpatialReference(system) }
    if let system = unsafe system {
      unsafe gdal.OSRSetAxisMappingStrategy(system, OAMS_TRADITIONAL_GIS_ORDER)
    }
    guard let layer = unsafe gdal.GDALDatasetCreateLayer(file, "contours", system, wkbLineString, nil) else {
      return nil
    }
    for (name, type) in [("ID", OFTInteger), ("elev", OFTReal)] {
      guard let field = unsafe gdal.OGR_Fld_Create(name, type) else { return nil }
      defer { unsafe gdal.OGR_Fld_Destroy(field) }
      guard unsafe gdal.OGR_L_CreateField(layer, field, 0) == OGRERR_NONE else { return nil }
    }
    return unsafe layer
  }
}
