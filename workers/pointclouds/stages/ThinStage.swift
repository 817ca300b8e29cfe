import Numerics

/// Keeps fewer points, spread as evenly as is asked for.
struct ThinStage: CloudStage {
  enum Method: String, CaseIterable { case voxel, random, poisson }

  /// Which point stands for a voxel.
  enum Kept: String, CaseIterable {
    case nearestToCentroid = "nearest_to_centroid"
    case nearestToCentre = "nearest_to_centre"
    case lowest, highest, first
    /// The first point, moved to the mean of all.
    case centroid

    /// The point whose attributes are kept.
    var representative: Voxels.Representative {
      switch self {
      case .nearestToCentroid: .nearestToCentroid
      case .nearestToCentre: .nearestToCentre
      case .lowest: .lowest
      case .highest: .highest
      case .first, .centroid: .first
      }
    }
  }

  static let definition = StageDefinition(
    name: "thin", summary: "Keeps fewer points: one for each voxel, a random share, or none nearer than a distance",
    parameters: [
      .choice(
        "method",
        "One point for each cube (voxel), a random share, or points no nearer to each other than a distance (poisson)",
        Method.voxel),
      .length("size", "Of voxel: side of a cube, in the unit of lengths", 0.5),
      .choice(
        "keep", "Of voxel: which point stands for its cube; centroid moves the first one to the mean of all",
        Kept.nearestToCentroid),
      .number("share", "Of random: share of the points to keep", 0.5, in: 0...1),
      .length("distance", "Of poisson: the least distance between points that are kept, in the unit of lengths", 0.5),
      .integer("seed", "Of random and poisson: the same seed keeps the same points", 1, in: 0...Int(Int32.max)),
    ])

  let values: StageValues
  private let method: Method

  init(_ values: StageValues) throws(PointCloudError) {
    self.values = values
    method = values.choice("method")
  }

  var reach: StageReach {
    method == .voxel ? .neighbourhood(halo: values.number("size")) : .whole
  }

  var change: StageChange { values.choice("keep") == Kept.centroid ? .more : .points }
  var needsLengths: Bool { method != .random }

  func run(
    _ cloud: PointCloud, _ context: StageContext, progress: (Double) -> Bool
  ) throws(PointCloudError) -> StageResult {
    let seed = UInt64(values.integer("seed"))
    var kept: PointCloud
    switch method {
    case .voxel: kept = try voxels(cloud, context, progress)
    case .random:
      let wanted = Int((Double(cloud.count) * values.number("share")).rounded())
      kept = try cloud.keeping(
        RandomThinning(kept: wanted, seed: seed).indices(of: cloud.count), threads: context.threads)
    case .poisson:
      let thinning = try PoissonThinning(radius: context.length(values.number("distance")), seed: seed)
      let indices = try thinning.indices(
        of: context.coordinates(cloud), threads: context.threads, keepGoing: { progress(0.5) })
      kept = try cloud.keeping(indices, threads: context.threads)
    }
    return StageResult(kept, ["removed": .integer(context.count(cloud) - context.count(kept))])
  }

  private func voxels(
    _ cloud: PointCloud, _ context: StageContext, _ progress: (Double) -> Bool
  ) throws(PointCloudError) -> PointCloud {
    let places = try context.coordinates(cloud)
    let voxels = try VoxelGrid(cell: context.length(values.number("size")))
      .voxels(of: places, threads: context.threads, keepGoing: { progress(0.5) })
    let choice: Kept = values.choice("keep")
    var order = voxels.representatives(choice.representative, of: places, threads: context.threads)
    guard choice == .centroid else {
      // In the order of the cloud, which compresses best and is that of its flight lines.
      order.sort()
      return try cloud.keeping(order, threads: context.threads)
    }
    let means = voxels.centroids(of: places, threads: context.threads)
    let byPoint = order.indices.sorted { order[$0] < order[$1] }
    let kept = try cloud.keeping(byPoint.map { order[$0] }, threads: context.threads)
    let factor = context.heightFactor
    return try kept.setting(
      coordinates: Coordinates.checked(
        x: byPoint.map { means[$0].x }, y: byPoint.map { means[$0].y }, z: byPoint.map { means[$0].z / factor }),
      scale: cloud.header.scale, offset: cloud.header.offset, threads: context.threads)
  }
}
