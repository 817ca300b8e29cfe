import CGDAL
import Glibc
package import Numerics

/// A GeoTIFF of one band of 32-bit floats that is written window by window, tiled and compressed, north up; complete or not at all.
///
/// NaN becomes the no-data value, which cells have too that nothing was written to.
@safe package final class RasterOutput {
  package let path: String
  private let temporaryPath: String
  private let frame: GridFrame
  private var dataset: GDALDatasetH?
  private(set) var statistics = Statistics()

  /// What is known of the values written.
  struct Statistics {
    private(set) var lowest: Float?
    private(set) var highest: Float?
    /// Cells that have a value.
    private(set) var count = 0

    mutating func add(_ values: [Float]) {
      for value in values where !value.isNaN {
        count += 1
        lowest = lowest.map { min($0, value) } ?? value
        highest = highest.map { max($0, value) } ?? value
      }
    }
  }

  /// - Parameters:
  ///   - name: of the band.
  ///   - frame: all that the raster covers.
  /// - Throws: `fileAccess`, `raster`, `libraryMissing`.
  package init(
    _ name: String, _ frame: GridFrame, wkt: String?, path: String
  ) throws(PointCloudError) {
    (self.path, self.frame) = (path, frame)
    temporaryPath = AtomicFile.temporaryPath(for: path)
    // GDAL would say less of why there can be no such file.
    let descriptor = unsafe open(temporaryPath, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw .fileAccess("create", temporaryPath) }
    close(descriptor)
    do throws(PointCloudError) {
      unsafe dataset = try unsafe Self.attempt(path) { gdal in
        let options = ["COMPRESS=DEFLATE", "PREDICTOR=3", "TILED=YES", "BIGTIFF=IF_SAFER"]
        guard
          let dataset = unsafe RasterFile.create(
            gdal, "GTiff", temporaryPath, frame.columns, frame.rows, 1, GDT_Float32, options)
        else { return nil }
        guard unsafe RasterFile.place(gdal, dataset, frame, wkt), let band = unsafe gdal.GDALGetRasterBand(dataset, 1),
          unsafe gdal.GDALSetRasterNoDataValue(band, Double(RasterFile.noData)) == CE_None
        else {
          unsafe gdal.GDALClose(dataset)
          return nil
        }
        unsafe gdal.GDALSetDescription(band, name)
        return unsafe dataset
      }
    } catch {
      unsafe unlink(temporaryPath)
      throw error
    }
  }

  deinit {
    guard let dataset = unsafe dataset else { return }
    _ = try? Self.attempt(path) { gdal in
      unsafe gdal.GDALClose(dataset)
      return ()
    }
    unsafe unlink(temporaryPath)
  }

  private static func attempt<Result>(
    _ path: String, _ body: (strata_gdal) -> Result?
  ) throws(PointCloudError) -> Result {
    try GDALCall.attempt(
      "cannot write '\(path)' as GTiff", remedy: "Check that the folder can be written to and its disk is not full.",
      body)
  }

  /// Writes the values of some of the cells, from the given column and row on; row 0 is the southernmost.
  package func write(_ values: Grid<Float>, column: Int, row: Int) throws(PointCloudError) {
    precondition(column >= 0 && row >= 0)
    precondition(column + values.columns <= frame.columns && row + values.rows <= frame.rows)
    statistics.add(values.values)
    var pixels = RasterFile.northUp(values)
    let (left, top) = (Int32(column), Int32(frame.rows - row - values.rows))
    let (width, height) = (Int32(values.columns), Int32(values.rows))
    try Self.attempt(path) { gdal -> Void? in
      guard let band = unsafe gdal.GDALGetRasterBand(dataset, 1) else { return nil }
      let status = unsafe pixels.withUnsafeMutableBytes { bytes in
        unsafe gdal.GDALRasterIO(
          band, GF_Write, left, top, width, height, bytes.baseAddress, width, height, GDT_Float32, 0, 0)
      }
      return status == CE_None ? () : nil
    }
  }

  /// Gives the file its name.
  package func finish() throws(PointCloudError) {
    // What closing cannot write is lost, but the handle is gone in any case.
    let closing = unsafe dataset
    unsafe dataset = nil
    do throws(PointCloudError) {
      try Self.attempt(path) { gdal in
        unsafe gdal.GDALClose(closing)
        return gdal.hasFailed ? nil : ()
      }
      try moveIntoPlace(temporaryPath, path)
    } catch {
      unsafe unlink(temporaryPath)
      throw error
    }
  }
}

/// A raster that was written, read again.
package struct RasterInput {
  let path: String

  package init(path: String) { self.path = path }

  /// Its values, row 0 the southernmost, with cells joined where it has more than `sideMax` along a side.
  ///
  /// - Returns: also how many cells along x make one of the values.
  package func values(sideMax: Int) throws(PointCloudError) -> (grid: Grid<Float>, cellsPerValue: Double) {
    try GDALCall.attempt("cannot read '\(path)'", remedy: "Check that nobody else writes to the folder.") { gdal in
      guard let dataset = unsafe gdal.GDALOpen(path, GA_ReadOnly) else { return nil }
      defer { unsafe gdal.GDALClose(dataset) }
      guard let band = unsafe gdal.GDALGetRasterBand(dataset, 1) else { return nil }
      let (columns, rows) = unsafe (Int(gdal.GDALGetRasterXSize(dataset)), Int(gdal.GDALGetRasterYSize(dataset)))
      let factor = max(1, Double(max(columns, rows)) / Double(sideMax))
      let (width, height) = (max(1, Int(Double(columns) / factor)), max(1, Int(Double(rows) / factor)))
      var pixels = [Float](repeating: 0, count: width * height)
      var extra = unsafe GDALRasterIOExtraArg()
      unsafe extra.nVersion = 1
      unsafe extra.eResampleAlg = factor > 1 ? GRIORA_Average : GRIORA_NearestNeighbour
      let status = unsafe pixels.withUnsafeMutableBytes { bytes in
        unsafe gdal.GDALRasterIOEx(
          band, GF_Read, 0, 0, Int32(columns), Int32(rows), bytes.baseAddress, Int32(width), Int32(height),
          GDT_Float32, 0, 0, &extra)
      }
      guard status == CE_None else { return nil }
      let values = (0..<height).reversed().flatMap { row in
        pixels[row * width..<(row + 1) * width].map { $0 == RasterFile.noData ? .nan : $0 }
      }
      return (Grid(columns: width, rows: height, values: values), Double(columns) / Double(width))
    }
  }
}
