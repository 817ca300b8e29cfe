import Numerics

/// Numbers the clusters of points that lie dense enough (DBSCAN).
struct ClustersStage: CloudStage {
  static let definition = StageDefinition(
    name: "clusters", summary: "Numbers clusters of points that lie dense enough: ClusterID, -1 for none",
    parameters: [
      .length("radius", "How far neighbours may be, in the unit of lengths", 1),
      .integer(
        "neighbours", "How many points a core point has within the radius, itself among them", 10, in: 1...1_000_000),
      .integer(
        "least", "Clusters of fewer points are none", 1, in: 1...1_000_000_000),
    ])

  let values: StageValues

  init(_ values: StageValues) throws(PointCloudError) { self.values = values }

  var shown: ShownColumn? { .labels("ClusterID") }
  /// A cluster may go on without end.
  var reach: StageReach { .whole }

  func run(
    _ cloud: PointCloud, _ context: StageContext, progress: (Double) -> Bool
  ) throws(PointCloudError) -> StageResult {
    let tree = KDTree(try context.coordinates(cloud), threads: context.threads)
    let clusters = try DensityClustering(
      radius: context.length(values.number("radius")), neighbours: values.integer("neighbours")
    ).clusters(in: tree, threads: context.threads, keepGoing: { progress(0.5) })
    var sizes = [Int](repeating: 0, count: clusters.count)
    for label in clusters.labels where label >= 0 { sizes[Int(label)] += 1 }
    var numbers = [Int32](repeating: -1, count: clusters.count)
    var count: Int32 = 0
    for index in sizes.indices where sizes[index] >= values.integer("least") {
      numbers[index] = count
      count += 1
    }
    let labels = clusters.labels.map { $0 < 0 ? -1 : numbers[Int($0)] }
    let column = ExtraColumn("ClusterID", .int32(labels), description: "-1: in no cluster")
    return StageResult(
      try cloud.adding([column], isReplacing: true, threads: context.threads),
      [
        "clusters": .integer(Int(count)), "points_in_none": .integer(labels.count { $0 < 0 }),
        "largest": .integer(sizes.max() ?? 0),
      ])
  }
}

/// Numbers the planes that points lie on.
struct PlanesStage: CloudStage {
  enum Method: String, CaseIterable { case growing, sampling }

  static let definition = StageDefinition(
    name: "planes", summary: "Numbers the planes that points lie on: PlaneID, -1 for none",
    parameters: [
      .choice(
        "method",
        "Planes grown from flat places, each in one piece (growing), or the planes with most points (sampling, RANSAC)",
        Method.growing),
      .length("distance", "How far from a plane its points may be, in the unit of lengths", 0.1),
      .integer("least", "The fewest points of a plane", 100, in: 3...1_000_000_000),
      .number(
        "angle", "Of growing: largest angle between a point's normal and its plane's, degrees", 15, in: 0.1...90),
      .integer("neighbours", "Of growing: how many neighbours a normal is fitted to", 20, in: 3...neighboursMax),
      .integer("planes", "Of sampling: the most planes", 10, in: 1...100_000),
      .integer("trials", "Of sampling: the most trials for each plane", 1_000, in: 1...10_000_000),
      .integer("seed", "Of sampling: the same seed finds the same planes", 1, in: 0...Int(Int32.max)),
    ])

  let values: StageValues
  private let method: Method

  init(_ values: StageValues) throws(PointCloudError) {
    self.values = values
    method = values.choice("method")
  }

  var shown: ShownColumn? { .labels("PlaneID") }
  var reach: StageReach { .whole }

  func run(
    _ cloud: PointCloud, _ context: StageContext, progress: (Double) -> Bool
  ) throws(PointCloudError) -> StageResult {
    let found = try segments(context.coordinates(cloud), context, progress)
      .sorted { $0.indices.count > $1.indices.count }
    var labels = [Int32](repeating: -1, count: cloud.count)
    for (number, segment) in found.enumerated() {
      for index in segment.indices { labels[Int(index)] = Int32(number) }
    }
    let column = ExtraColumn("PlaneID", .int32(labels), description: "0: of most points; -1: on none")
    let level = found.count { abs($0.plane.normal.z) > 0.95 }
    return StageResult(
      try cloud.adding([column], isReplacing: true, threads: context.threads),
      [
        "planes": .integer(found.count), "level_planes": .integer(level),
        "points_on_none": .integer(labels.count { $0 < 0 }),
        "largest": .integer(found.first?.indices.count ?? 0),
      ])
  }

  private func segments(
    _ places: Coordinates, _ context: StageContext, _ progress: (Double) -> Bool
  ) throws(PointCloudError) -> [PlanarSegment] {
    let distance = context.length(values.number("distance"))
    switch method {
    case .sampling:
      return try PlaneSampling(
        distance: distance, trials: values.integer("trials"), planes: values.integer("planes"),
        least: values.integer("least"), seed: UInt64(values.integer("seed"))
      ).segments(of: places, threads: context.threads, keepGoing: { progress(0.5) })
    case .growing:
      let growing = try PlaneGrowing(
        angle: values.number("angle"), distance: distance, neighbours: values.integer("neighbours"),
        least: values.integer("least"))
      let tree = KDTree(places, threads: context.threads)
      let normals = try NormalEstimation(neighbours: values.integer("neighbours"))
        .normals(of: places, in: tree, threads: context.threads, keepGoing: { progress(0.25) })
      return try growing.segments(of: places, in: tree, normals: normals, keepGoing: { progress(0.75) })
    }
  }
}
