import Numerics

/// Adds the normal of the surface around each point.
struct NormalsStage: CloudStage {
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

  /// The neighbours may be anywhere.
  var reach: StageReach { .whole }

  func run(
    _ cloud: PointCloud, _ context: StageContext, progress: (Double) -> Bool
  ) throws(PointCloudError) -> StageResult {
    let places = try context.coordinates(cloud)
    let normals = try estimation.normals(
      of: places, in: KDTree(places, threads: context.threads), threads: context.threads, keepGoing: { progress(0.5) })
    let columns = ["NormalX", "NormalY", "NormalZ"].enumerated().map { axis, name in
      ExtraColumn(
        name, .float32(normals.directions.map { $0[axis] }),
        description: "unit normal, axis \("xyz".dropFirst(axis).prefix(1))")
    }
    let level = normals.directions.count { abs($0.z) > 0.95 }
    return StageResult(
      try cloud.adding(columns, isReplacing: true, threads: context.threads),
      ["level_share": .number(Double(level) / Double(max(1, cloud.count)))])
  }
}

/// Adds what the eigenvalues of neighbourhoods say about their shape.
struct FeaturesStage: CloudStage {
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
  private let kernel: EigenFeatureKernel

  init(_ values: StageValues) throws(PointCloudError) {
    self.values = values
    kernel = try EigenFeatureKernel(scales: values.integers("scales"), basis: values.choice("basis"))
  }

  var reach: StageReach { .whole }

  private static let names: [(String, @Sendable (EigenFeatures) -> Float)] = [
    ("Linearity", { $0.linearity }), ("Planarity", { $0.planarity }), ("Sphericity", { $0.sphericity }),
    ("Omnivariance", { $0.omnivariance }), ("Anisotropy", { $0.anisotropy }), ("Eigenentropy", { $0.eigenentropy }),
    ("SurfaceVariation", { $0.surfaceVariation }), ("Verticality", { $0.verticality }),
  ]

  func run(
    _ cloud: PointCloud, _ context: StageContext, progress: (Double) -> Bool
  ) throws(PointCloudError) -> StageResult {
    let tree = KDTree(try context.coordinates(cloud), threads: context.threads)
    let table = try kernel.features(of: tree, threads: context.threads, keepGoing: { progress(0.5) })
    var columns: [ExtraColumn] = []
    var facts: [String: StageValue] = [:]
    for (place, scale) in table.scales.enumerated() {
      for (name, feature) in Self.names {
        let values = (0..<cloud.count).map { feature(table.features(of: $0, scale: place)) }
        let sum = values.reduce(0.0) { $0 + Double($1) }
        facts["mean_\(name.lowercased())_\(scale)"] = .number(sum / Double(max(1, cloud.count)))
        columns.append(
          ExtraColumn("\(name)_\(scale)", .float32(values), description: "of \(scale) neighbours"))
      }
    }
    return StageResult(try cloud.adding(columns, isReplacing: true, threads: context.threads), facts)
  }
}
