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
    let isPart = context.counts != nil
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
struct HeightAboveGroundStage: CloudStage {
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
  var reach: StageReach { .neighbourhood(halo: 2 * values.number("reach")) }

  func run(
    _ cloud: PointCloud, _ context: StageContext, progress: (Double) -> Bool
  ) throws(PointCloudError) -> StageResult {
    let positions = Positions(cloud, threads: context.threads)
    let isGround = cloud.classifications(threads: context.threads).map { $0 == PointClass.ground }
    guard let bounds = positions.bounds(), isGround.contains(true) else {
      throw PointCloudError(
        .empty, "no point has class 2, which is ground", remedy: "Put the stage 'ground' before this one.")
    }
    let limits = GroundParameters().cellsLimit(points: cloud.count)
    let frame = try GridFrame(
      SIMD2(bounds.low.x, bounds.low.y), SIMD2(bounds.high.x, bounds.high.y),
      cell: context.length(values.number("cell")), limit: limits)
    let surface = try TriangulatedSurface(
      positions, isPart: isGround, reach: context.length(values.number("reach")),
      keepGoing: { progress(0.2) })
    let terrain = frame.heights(of: surface, threads: context.threads).filled(keepGoing: { progress(0.6) })
    guard progress(0.8) else { throw .cancelled }
    let heights = HeightAboveGround(surface: surface, terrain: terrain, frame: frame)
      .heights(positions, threads: context.threads)
    let known = heights.lazy.filter { !$0.isNaN }
    let column = ExtraColumn("HeightAboveGround", .float32(heights), description: "above ground points, unit of z")
    var facts: [String: StageValue] = [:]
    if let low = known.min(), let high = known.max() {
      (facts["lowest"], facts["highest"]) = (.number(Double(low)), .number(Double(high)))
    }
    return StageResult(try cloud.adding([column], isReplacing: true, threads: context.threads), facts)
  }
}
