/// Keeps what lies in a box or a polygon, or all else.
struct CropStage: CloudStage {
  enum Keep: String, CaseIterable { case inside, outside }

  /// Beyond all coordinates.
  private static let far = 1e15

  static let definition = StageDefinition(
    name: "crop", summary: "Keeps the points in a box or a polygon, its border included, or all others",
    parameters: [
      .choice("keep", "Whether the points inside are kept, or those outside", Keep.inside),
      .text(
        "polygon", "POLYGON or MULTIPOLYGON as well-known text, in the file's coordinates; the box counts without one"),
      .number("min_x", "Where the box begins, in the file's coordinates", -far, in: -far...far),
      .number("min_y", "Where the box begins, in the file's coordinates", -far, in: -far...far),
      .number("min_z", "Where the box begins, in the file's unit of heights", -far, in: -far...far),
      .number("max_x", "Where the box ends", far, in: -far...far),
      .number("max_y", "Where the box ends", far, in: -far...far),
      .number("max_z", "Where the box ends", far, in: -far...far),
    ])

  let values: StageValues
  private let region: CropRegion

  init(_ values: StageValues) throws(PointCloudError) {
    self.values = values
    let polygon = values.text("polygon")
    region =
      polygon.isEmpty
      ? try CropRegion(
        low: SIMD3(values.number("min_x"), values.number("min_y"), values.number("min_z")),
        high: SIMD3(values.number("max_x"), values.number("max_y"), values.number("max_z")))
      : try CropRegion(wkt: polygon)
  }

  var change: StageChange { .points }
  var reach: StageReach { .point }
  var needsLengths: Bool { false }

  func run(
    _ cloud: PointCloud, _ context: StageContext, progress: (Double) -> Bool
  ) throws(PointCloudError) -> StageResult {
    let kept = try cloud.cropped(
      to: region, isInverted: values.choice("keep") == Keep.outside, threads: context.threads,
      keepGoing: { progress(0.5) })
    return StageResult(kept, ["removed": .integer(context.count(cloud) - context.count(kept))])
  }
}

/// Moves the points to another coordinate reference system.
struct ReprojectStage: CloudStage {
  static let definition = StageDefinition(
    name: "reproject", summary: "Gives the points coordinates of another reference system, by PROJ",
    parameters: [
      .text("target", "The system to change to: EPSG:25832, with heights EPSG:25832+5783, or well-known text"),
      .text("source", "The system that the points are in, instead of what the file says"),
    ])

  let values: StageValues

  init(_ values: StageValues) throws(PointCloudError) {
    self.values = values
    guard !values.text("target").isEmpty else {
      throw PointCloudError(
        .invalidParameter, "there is no target to change to", remedy: "Name one, such as target=EPSG:25832.")
    }
  }

  var reach: StageReach { .point }
  var needsLengths: Bool { false }
  var changesSystem: Bool { true }

  func run(
    _ cloud: PointCloud, _ context: StageContext, progress: (Double) -> Bool
  ) throws(PointCloudError) -> StageResult {
    let moved = try understanding { () throws(PointCloudError) in
      let target = try CoordinateSystem(definition: values.text("target"))
      let given = values.text("source")
      let source = given.isEmpty ? context.system : try CoordinateSystem(definition: given)
      return try cloud.reprojected(
        to: target, from: source, threads: context.threads, keepGoing: { progress(0.5) })
    }
    var result = StageResult(
      moved.cloud,
      [
        "source": .string(moved.source.name), "target": .string(moved.target.name),
        "rounding_metres": .number(moved.roundingMetres),
      ], warnings: moved.warnings)
    result.system = moved.target
    return result
  }
}
