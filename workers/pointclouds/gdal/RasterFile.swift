import CGDAL
import Numerics

/// Writes rasters by GDAL, each under a temporary name until it is complete.
enum RasterFile {
  /// The value of cells outside the scan.
  static let noData: Float = -9_999

  /// Writes heights as a tiled, compressed GeoTIFF of 32-bit floats, north up. NaN becomes the no-data value.
  static func writeGeoTIFF(
    _ heights: Grid<Float>, frame: GridFrame, wkt: String?, path: String
  ) throws(PointCloudError) {
    try write("GTiff", to: path) { temporaryPath in
      let options = ["COMPRESS=DEFLATE", "PREDICTOR=3", "TILED=YES", "BIGTIFF=IF_SAFER"]
      guard
        let dataset = unsafe create("GTiff", temporaryPath, heights.columns, heights.rows, 1, GDT_Float32, options)
      else { return nil }
      defer { unsafe GDALClose(dataset) }
      guard unsafe place(dataset, frame, wkt), let band = unsafe GDALGetRasterBand(dataset, 1) else { return nil }
      unsafe GDALSetRasterNoDataValue(band, Double(noData))
      unsafe GDALSetDescription(band, "terrain")
      return unsafe fill(band, northUp(heights), heights.columns, heights.rows, GDT_Float32)
    }
  }

  /// Writes a picture with transparency, its first row on top.
  static func writePNG(_ picture: Grid<SIMD4<UInt8>>, path: String) throws(PointCloudError) {
    try write("PNG", to: path) { temporaryPath in
      guard let memory = unsafe create("MEM", "", picture.columns, picture.rows, 4, GDT_Byte, []),
        let driver = unsafe GDALGetDriverByName("PNG")
      else { return nil }
      defer { unsafe GDALClose(memory) }
      for channel in 0..<4 {
        guard let band = unsafe GDALGetRasterBand(memory, Int32(channel + 1)),
          unsafe fill(band, picture.values.map { $0[channel] }, picture.columns, picture.rows, GDT_Byte) != nil
        else { return nil }
        unsafe GDALSetRasterColorInterpretation(
          band, [GCI_RedBand, GCI_GreenBand, GCI_BlueBand, GCI_AlphaBand][channel])
      }
      guard let copy = unsafe GDALCreateCopy(driver, temporaryPath, memory, 0, nil, nil, nil) else { return nil }
      unsafe GDALClose(copy)
      return ()
    }
  }

  /// Calls `body` with a temporary path; what it wrote becomes `path` if it and all that GDAL did succeeded.
  private static func write(_ format: String, to path: String, _ body: (String) -> Void?) throws(PointCloudError) {
    let temporaryPath = AtomicFile.temporaryPath(for: path)
    do throws(PointCloudError) {
      try GDALCall.attempt(
        "cannot write '\(path)' as \(format)",
        remedy: "Check that the folder can be written to and its disk is not full."
      ) {
        body(temporaryPath).flatMap { GDALCall.hasFailed ? nil : () }
      }
      try moveIntoPlace(temporaryPath, path)
    } catch {
      unsafe VSIUnlink(temporaryPath)
      throw error
    }
  }

  private static func create(
    _ format: String, _ path: String, _ columns: Int, _ rows: Int, _ bands: Int, _ type: GDALDataType,
    _ options: [String]
  ) -> GDALDatasetH? {
    guard let driver = unsafe GDALGetDriverByName(format) else { return nil }
    var list: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
    for option in options { unsafe list = CSLAddString(list, option) }
    defer { unsafe CSLDestroy(list) }
    return unsafe GDALCreate(driver, path, Int32(columns), Int32(rows), Int32(bands), type, list)
  }

  private static func place(_ dataset: GDALDatasetH, _ frame: GridFrame, _ wkt: String?) -> Bool {
    var transform = [
      frame.x - frame.cell / 2, frame.cell, 0, frame.y + (Double(frame.rows) - 0.5) * frame.cell, 0, -frame.cell,
    ]
    guard unsafe GDALSetGeoTransform(dataset, &transform) == CE_None else { return false }
    guard let wkt else { return true }
    return unsafe GDALSetProjection(dataset, wkt) == CE_None
  }

  private static func northUp(_ grid: Grid<Float>) -> [Float] {
    (0..<grid.rows).reversed().flatMap { row in
      grid.values[row * grid.columns..<(row + 1) * grid.columns].map { $0.isNaN ? noData : $0 }
    }
  }

  private static func fill<Pixel>(
    _ band: GDALRasterBandH, _ pixels: [Pixel], _ columns: Int, _ rows: Int, _ type: GDALDataType
  ) -> Void? {
    var pixels = pixels
    let status = unsafe pixels.withUnsafeMutableBytes { bytes in
      let (width, height) = (Int32(columns), Int32(rows))
      return unsafe GDALRasterIO(
        band, GF_Write, 0, 0, width, height, bytes.baseAddress, width, height, type, 0, 0)
    }
    return status == CE_None ? () : nil
  }
}
