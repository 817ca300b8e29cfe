import CGDAL
import Glibc
import Numerics

/// Writes rasters by GDAL, each under a temporary name until it is complete.
enum RasterFile {
  /// The value of cells outside the scan.
  static let noData: Float = -9_999

  /// Writes a picture with transparency, its first row on top.
  static func writePNG(_ picture: Grid<SIMD4<UInt8>>, path: String) throws(PointCloudError) {
    try write("PNG", to: path) { gdal, temporaryPath in
      guard let memory = unsafe create(gdal, "MEM", "", picture.columns, picture.rows, 4, GDT_Byte, []),
        let driver = unsafe gdal.GDALGetDriverByName("PNG")
      else { return nil }
      defer { unsafe gdal.GDALClose(memory) }
      for channel in 0..<4 {
        guard let band = unsafe gdal.GDALGetRasterBand(memory, Int32(channel + 1)),
          unsafe fill(gdal, band, picture.values.map { $0[channel] }, picture.columns, picture.rows, GDT_Byte) != nil
        else { return nil }
        _ = unsafe gdal.GDALSetRasterColorInterpretation(
          band, [GCI_RedBand, GCI_GreenBand, GCI_BlueBand, GCI_AlphaBand][channel])
      }
      guard let copy = unsafe gdal.GDALCreateCopy(driver, temporaryPath, memory, 0, nil, nil, nil) else { return nil }
      unsafe gdal.GDALClose(copy)
      return ()
    }
  }

  /// Calls `body` with a temporary path; what it wrote becomes `path` if it and all that GDAL did succeeded.
  static func write(
    _ format: String, to path: String, _ body: (strata_gdal, String) -> Void?
  ) throws(PointCloudError) {
    let temporaryPath = AtomicFile.temporaryPath(for: path)
    do throws(PointCloudError) {
      try GDALCall.attempt(
        "cannot write '\(path)' as \(format)",
        remedy: "Check that the folder can be written to and its disk is not full."
      ) { gdal in
        body(gdal, temporaryPath).flatMap { gdal.hasFailed ? nil : () }
      }
      try moveIntoPlace(temporaryPath, path)
    } catch {
      unsafe unlink(temporaryPath)
      throw error
    }
  }

  static func create(
    _ gdal: strata_gdal, _ format: String, _ path: String, _ columns: Int, _ rows: Int, _ bands: Int,
    _ type: GDALDataType,
    _ options: [String]
  ) -> GDALDatasetH? {
    guard let driver = unsafe gdal.GDALGetDriverByName(format) else { return nil }
    var list: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
    for option in options { unsafe list = gdal.CSLAddString(list, option) }
    defer { unsafe gdal.CSLDestroy(list) }
    return unsafe gdal.GDALCreate(driver, path, Int32(columns), Int32(rows), Int32(bands), type, list)
  }

  static func place(_ gdal: strata_gdal, _ dataset: GDALDatasetH, _ frame: GridFrame, _ wkt: String?) -> Bool {
    var transform = [
      frame.x - frame.cell / 2, frame.cell, 0, frame.y + (Double(frame.rows) - 0.5) * frame.cell, 0, -frame.cell,
    ]
    guard unsafe gdal.GDALSetGeoTransform(dataset, &transform) == CE_None else { return false }
    guard let wkt else { return true }
    return unsafe gdal.GDALSetProjection(dataset, wkt) == CE_None
  }

  static func northUp(_ grid: Grid<Float>) -> [Float] {
    (0..<grid.rows).reversed().flatMap { row in
      grid.values[row * grid.columns..<(row + 1) * grid.columns].map { $0.isNaN ? noData : $0 }
    }
  }

  private static func fill<Pixel>(
    _ gdal: strata_gdal, _ band: GDALRasterBandH, _ pixels: [Pixel], _ columns: Int, _ rows: Int, _ type: GDALDataType
  ) -> Void? {
    var pixels = pixels
    let status = unsafe pixels.withUnsafeMutableBytes { bytes in
      let (width, height) = (Int32(columns), Int32(rows))
      return unsafe gdal.GDALRasterIO(
        band, GF_Write, 0, 0, width, height, bytes.baseAddress, width, height, type, 0, 0)
    }
    return status == CE_None ? () : nil
  }
}
