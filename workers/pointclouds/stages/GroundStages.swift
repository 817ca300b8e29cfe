import Numerics

/// Classifies the ground by the simple morphological filter.
struct GroundStage: CloudStage {
  static let definition = StageDefinition(
    name: "ground", summary: "Gives ground points class 2 and all others but noise class 1",
    parameters: [
      .length("cell", "Side of a grid cell: about the distance between points, in the unit of lengths", 1),
      .number("slope", "Steepest slope that the ground has, rise over run", 0.15, in: 0.000_1...100),
      .length("window", "Radius of the largest object to be removed, in the unit of lengths", 18),
      .number(
        "threshold", "How far from the provisional terrain a ground point may lie, in the unit of lengths", 0.5,
        in: 0...1_000_000),
      .number(
        "scalar", "How much further it may lie on steep terrain, in the unit of lengths for a slope of 1", 1.25,
        in: 0...1_000_000),
      .choice("returns", "Which returns of a pulse may be ground", GroundParameters.Returns.last),
    ])

  let values: StageValues
  private let parameters: GroundParameters

  init(_ values: StageValues) throws(PointCloudError) {
    self.values = values
    parameters = GroundParameters(
      cell: values.number("cell"), slope: values.number("slope"), window: values.number("window"),
      threshold: values.number("threshold"), scalar: values.number("scalar"), returns: values.choice("returns"))
    try parameters.validate()
  }

  var shown: ShownColumn? { .classes }
  var change: StageChange { .classes }
  var reach: StageReach { .neighbourhood(halo: GroundMethod.simple(parameters).reach) }

  func run(
    _ cloud: PointCloud, _ context: StageContext, progress: (Double) -> Bool
  ) throws(PointCloudError) -> StageResult {
    let classes = try classes(cloud, context, progress)
    return StageResult(
      try cloud.setting(classifications: classes, threads: context.threads),
      ["ground": .integer(context.count(classes.map { $0 == PointClass.ground }, of: cloud))])
  }

  private func classes(
    _ cloud: PointCloud, _ context: StageContext, _ progress: (Double) -> Bool
  ) throws(PointCloudError) -> [UInt8] {
    let positions = Positions(cloud, threads: context.threads).withHeights(times: context.heightFactor)
    let method = GroundMethod.simple(parameters.converted(metresPerUnit: context.metresPerUnit))
    let isPart = context.isPart
    do throws(PointCloudError) {
      return try cloud.classifyGround(
        positions, isPart ? method.withoutLimitsByPoints : method, threads: context.threads, progress: progress
      ).classes
    } catch  where error.code == .empty && isPart {
      // A part may have no ground where the whole has.
      return cloud.classifications().map { PointClass.isNoise($0) ? $0 : PointClass.unclassified }
    }
  }
}

/// Adds how high each point stands above the ground points of class 2.
struct HeightAboveGroundStage: ColumnStage {
  static let definition = StageDefinition(
    name: "height_above_ground",
    summary: "Adds the height above the triangulated ground points (class 2): HeightAboveGround, in the unit of z",
    parameters: [
      .length("cell", "Side of a cell of the raster that bridges gaps, in the unit of lengths", 1),
      .length("reach", "Greatest radius of a triangle's circle between ground points, in the unit of lengths", 100),
    ])

  let values: StageValues

  init(_ values: StageValues) throws(PointCloudError) { self.values = values }

  var shown: ShownColumn? { .values("HeightAboveGround") }
  /// Where no triangle is, all of the map counts.
  var reach: StageReach { .neighbourhood(halo: 2 * values.number("reach")) }
  let columns = [StageColumn("HeightAboveGround", "above ground points, unit of z")]

  /// The side of a cell of the map.
  var cell: Double { values.number("cell") }
  /// The greatest radius of a triangle's circle.
  var circleReach: Double { values.number("reach") }

  static let noGround = PointCloudError(
    .empty, "no point has class 2, which is ground", remedy: "Put the stage 'ground' before this one.")

  /// The map that bridges gaps between triangles: of so many points, around them.
  static func frame(
    _ bounds: (low: Vector3, high: Vector3), cell: Double, points: Int
  ) throws(PointCloudError) -> GridFrame {
    try GridFrame(
      SIMD2(bounds.low.x, bounds.low.y), SIMD2(bounds.high.x, bounds.high.y), cell: cell,
      limit: GroundParameters().cellsLimit(points: points))
  }

  func run(
    _ cloud: PointCloud, _ context: StageContext, progress: (Double) -> Bool
  ) throws(PointCloudError) -> StageResult {
    let positions = Positions(cloud, threads: context.threads)
    let isGround = cloud.classifications(threads: context.threads).map { $0 == PointClass.ground }
    guard let bounds = positions.bounds(), isGround.contains(true) else { throw Self.noGround }
    let frame = try Self.frame(bounds, cell: context.length(cell), points: cloud.count)
    let surface = try TriangulatedSurface(
      positions, isPart: isGround, reach: context.length(circleReach),
      on: context.corners(cloud).lattice(cloud.header), keepGoing: { progress(0.2) })
    let terrain = frame.heights(of: surface, threads: context.threads).filled(keepGoing: { progress(0.6) })
    guard progress(0.8) else { throw .cancelled }
    let heights = HeightAboveGround(surface: surface, terrain: terrain, frame: frame)
      .heights(positions, threads: context.threads)
    return try result(cloud, heights, threads: context.threads)
  }

  func tally(_ rows: ArraySlice<Float>) -> ColumnTally {
    var tally = ColumnTally()
    tally.points = rows.count
    for height in rows where !height.isNaN {
      (tally.lowest, tally.highest) = (min(tally.lowest, height), max(tally.highest, height))
    }
    return tally
  }

  func facts(_ tally: ColumnTally) -> [String: StageValue] {
    guard tally.lowest <= tally.highest else { return [:] }
    return ["lowest": .number(Double(tally.lowest)), "highest": .number(Double(tally.highest))]
  }
}
