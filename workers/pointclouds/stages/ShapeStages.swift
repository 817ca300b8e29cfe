import Numerics

/// Adds the normal of the surface around each point.
struct NormalsStage: NeighbourStage {
  enum Orientation: String, CaseIterable { case up, consistent }

  static let definition = StageDefinition(
    name: "normals", summary: "Adds the direction at right angles to the surface: NormalX, NormalY, NormalZ",
    parameters: [
      .integer(
        "neighbours", "How many neighbours a plane is fitted to, the point among them", 20, in: 3...neighboursMax),
      .choice("orientation", "To which side normals point: up, or consistent with their neighbours'", Orientation.up),
    ])

  let values: StageValues
  private let estimation: NormalEstimation

  init(_ values: StageValues) throws(PointCloudError) {
    self.values = values
    let orientation: Orientation = values.choice("orientation")
    estimation = try NormalEstimation(
      neighbours: values.integer("neighbours"), orientation: orientation == .up ? .up : .consistent)
  }

  var neighbours: Int { estimation.neighbours }
  /// A side that is consistent spreads from point to point over all of a scan.
  var reach: StageReach { estimation.orientation == .consistent ? .whole : .nearest(neighbours) }

  let columns = ["x", "y", "z"].map { StageColumn("Normal\($0.uppercased())", "unit normal, axis \($0)") }

  func measure(_ found: Neighbourhood, into rows: SharedColumn<Float>, row: Int) {
    let normal = estimation.upward(found).direction
    for axis in 0..<3 { rows[3 * row + axis] = normal[axis] }
  }

  func run(
    _ cloud: PointCloud, _ context: StageContext, progress: (Double) -> Bool
  ) throws(PointCloudError) -> StageResult {
    guard estimation.orientation == .consistent else { return try runInMemory(cloud, context, progress: progress) }
    let normals = try estimation.normals(
      of: try context.coordinates(cloud), in: context.tree(cloud), threads: context.threads,
      keepGoing: { progress(0.5) })
    return try result(
      cloud, normals.directions.flatMap { [$0.x, $0.y, $0.z] }, threads: context.threads)
  }

  /// How many are level.
  func tally(_ rows: ArraySlice<Float>) -> ColumnTally {
    var tally = ColumnTally(sums: 1)
    tally.points = rows.count / 3
    for z in rows.indices.dropFirst(2) where (z - rows.startIndex) % 3 == 2 && abs(rows[z]) > 0.95 {
      tally.sums[0].add(1)
    }
    return tally
  }

  func facts(_ tally: ColumnTally) -> [String: StageValue] { ["level_share": .number(tally.mean(0))] }
}

/// Adds what the eigenvalues of neighbourhoods say about their shape.
struct FeaturesStage: NeighbourStage {
  static let definition = StageDefinition(
    name: "features",
    summary: "Adds the shape of neighbourhoods: linearity, planarity, sphericity and others, at several scales",
    parameters: [
      .integers("scales", "Numbers of neighbours, the point among them; up to 16 scales", [20], in: 3...neighboursMax),
      .choice(
        "basis", "Whether features are made of eigenvalues (variances) or their square roots (deviations)",
        EigenFeatureKernel.Basis.variances),
    ])

  let values: StageValues
  let columns: [StageColumn]
  private let kernel: EigenFeatureKernel

  init(_ values: StageValues) throws(PointCloudError) {
    self.values = values
    kernel = try EigenFeatureKernel(scales: values.integers("scales"), basis: values.choice("basis"))
    columns = kernel.scales.flatMap { scale in
      Self.names.map { StageColumn("\($0)_\(scale)", "of \(scale) neighbours") }
    }
  }

  var neighbours: Int { kernel.neighbours }

  private static let names = [
    "Linearity", "Planarity", "Sphericity", "Omnivariance", "Anisotropy", "Eigenentropy", "SurfaceVariation",
    "Verticality",
  ]

  func measure(_ found: Neighbourhood, into rows: SharedColumn<Float>, row: Int) {
    let first = row * columns.count
    kernel.forEachScale(of: found) { place, features in
      let start = first + place * Self.names.count
      rows[start] = features.linearity
      rows[start + 1] = features.planarity
      rows[start + 2] = features.sphericity
      rows[start + 3] = features.omnivariance
      rows[start + 4] = features.anisotropy
      rows[start + 5] = features.eigenentropy
      rows[start + 6] = features.surfaceVariation
      rows[start + 7] = features.verticality
    }
  }

  func tally(_ rows: ArraySlice<Float>) -> ColumnTally {
    var tally = ColumnTally(sums: columns.count)
    tally.points = rows.count / columns.count
    for (place, value) in rows.enumerated() { tally.sums[place % columns.count].add(value) }
    return tally
  }

  func facts(_ tally: ColumnTally) -> [String: StageValue] {
    var facts: [String: StageValue] = [:]
    for (place, column) in columns.enumerated() {
      facts["mean_\(column.name.lowercased())"] = .number(tally.mean(place))
    }
    return facts
  }
}
