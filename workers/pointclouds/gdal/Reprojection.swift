import CGDAL
import Numerics

/// From one coordinate system to another, by PROJ.
///
/// x and y are east and north, or longitude and latitude in degrees, as LAS files have them, whatever the order of axes
/// in the definitions of the systems.
struct Reprojection: Sendable {
  let source: CoordinateSystem
  let target: CoordinateSystem

  /// A batch has a transformation of its own: PROJ chooses among the ways between two systems by the places it is
  /// given, and so the result does not depend on the number of threads.
  static let batch = 1 << 16

  /// Whether heights are transformed, too: where both systems say what they are.
  var hasHeights: Bool { source.metresPerVerticalUnit != nil && target.metresPerVerticalUnit != nil }

  /// Coordinates in the target system. Heights are those of the source unless both systems have heights.
  ///
  /// - Throws: `raster` where PROJ knows no way between the systems, or only a guess that leaves their datums out of
  ///   account; `invalidParameter` naming the first point that PROJ refuses; `cancelled`.
  func transformed(
    _ places: Coordinates, threads: Int, keepGoing: () -> Bool
  ) throws(PointCloudError) -> Coordinates {
    let batches = (places.count + Self.batch - 1) / Self.batch
    let (x, y, z) = (
      SharedColumn(repeating: 0.0, count: places.count), SharedColumn(repeating: 0.0, count: places.count),
      SharedColumn(repeating: 0.0, count: places.count)
    )
    let refused = SharedColumn(repeating: -1, count: batches)
    // Told before any thread starts: all batches would fail alike.
    try transform([0], [0], [0]) { _, _, _, _ in }
    let isWhole = parallelFor(batches, threads: threads, keepGoing: { _ in keepGoing() }) { batch in
      let range = batch * Self.batch..<min(places.count, (batch + 1) * Self.batch)
      refused[batch] = range.lowerBound
      try? transform(Array(places.x[range]), Array(places.y[range]), Array(places.z[range])) {
        newX, newY, newZ, isDone in
        refused[batch] = -1
        for (place, index) in range.enumerated() {
          (x[index], y[index]) = (newX[place], newY[place])
          z[index] = hasHeights ? newZ[place] : places.z[index]
          let isUsable = isDone[place] != 0 && (newX[place] + newY[place] + newZ[place]).isFinite
          if !isUsable, refused[batch] < 0 { refused[batch] = index }
        }
      }
    }
    guard isWhole else { throw .cancelled }
    if let index = refused.values.first(where: { $0 >= 0 }) {
      throw PointCloudError(
        .invalidParameter,
        "point \(index) at \(places.x[index]), \(places.y[index]) in \(source.name) has no place in \(target.name)",
        remedy: "Check the coordinate system of the file, and remove points that lie far from the others.")
    }
    return try Coordinates.checked(x: x.values, y: y.values, z: z.values)
  }

  private func transform(
    _ x: [Double], _ y: [Double], _ z: [Double],
    _ body: (_ x: [Double], _ y: [Double], _ z: [Double], _ isDone: [Int32]) -> Void
  ) throws(PointCloudError) {
    var (x, y, z) = (x, y, z)
    var isDone = [Int32](repeating: 0, count: x.count)
    try GDALCall.attempt(
      "cannot transform from \(source.name) to \(target.name)",
      remedy: "Choose a target to which PROJ knows the way, or install the grids that it needs (proj-data)."
    ) { gdal -> Void? in
      guard let from = gdal.OSRNewSpatialReference(nil), let to = gdal.OSRNewSpatialReference(nil),
        let options = gdal.OCTNewCoordinateTransformationOptions()
      else { return nil }
      defer {
        unsafe gdal.OSRDestroySpatialReference(from)
        unsafe gdal.OSRDestroySpatialReference(to)
        unsafe gdal.OCTDestroyCoordinateTransformationOptions(options)
      }
      guard unsafe gdal.OSRSetFromUserInput(from, source.wkt) == OGRERR_NONE,
        unsafe gdal.OSRSetFromUserInput(to, target.wkt) == OGRERR_NONE
      else { return nil }
      unsafe gdal.OSRSetAxisMappingStrategy(from, OAMS_TRADITIONAL_GIS_ORDER)
      unsafe gdal.OSRSetAxisMappingStrategy(to, OAMS_TRADITIONAL_GIS_ORDER)
      _ = unsafe gdal.OCTCoordinateTransformationOptionsSetBallparkAllowed(options, 0)
      guard let way = unsafe gdal.OCTNewCoordinateTransformationEx(from, to, options) else { return nil }
      defer { unsafe gdal.OCTDestroyCoordinateTransformation(way) }
      // Points that are refused are told by their flags.
      _ = unsafe gdal.OCTTransformEx(way, Int32(x.count), &x, &y, &z, &isDone)
      return ()
    }
    body(x, y, z, isDone)
  }
}

extension CoordinateSystem {
  /// The system of a number of the EPSG registry, such as `EPSG:25832`, two of them for heights as well
  /// (`EPSG:25832+5783`), or a definition as well-known text.
  ///
  /// - Throws: `invalidParameter` for other text; `raster` where GDAL does not know the system; `libraryMissing`.
  public init(definition: String) throws(PointCloudError) {
    let upper = definition.uppercased()
    let isCode = upper.hasPrefix("EPSG:") && upper.dropFirst(5).allSatisfy { $0.isNumber || $0 == "+" }
    let isText = ["PROJC", "GEOGC", "COMPD", "COMPOUND", "GEODC", "BOUNDCRS", "LOCAL_CS"].contains {
      upper.hasPrefix($0)
    }
    // GDAL would take the name of a file or an address for the place of a definition.
    guard isCode || isText else {
      throw PointCloudError(
        .invalidParameter, "'\(definition.prefix(64))' is no coordinate system",
        remedy: "Give it as EPSG:25832 or as well-known text.")
    }
    try self.init(wkt: definition)
  }
}
