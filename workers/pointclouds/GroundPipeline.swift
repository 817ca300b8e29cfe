import Numerics

/// From a scan to its ground, its terrain and a picture: all that the capability `pointcloud.ground` does.
public struct GroundPipeline {
  public enum Stage: String, Sendable, CaseIterable {
    case read, ground, terrain, write

    /// About how much of the whole a stage takes, for progress.
    var share: Double {
      switch self {
      case .read: 0.25
      case .ground: 0.45
      case .terrain: 0.1
      case .write: 0.2
      }
    }
  }

  /// Reads `input` (LAS or LAZ) and writes into `outputDirectory`, which must exist:
  /// `<stem>-classified.las`, `terrain.tif`, `hillshade.png` and `summary.json`, each complete or not at all.
  ///
  /// - Parameters:
  ///   - threads: the most threads to use, the caller's own among them.
  ///   - progress: told the stage and the share of the whole that is done, growing from 0 to 1; on the caller's thread.
  ///   - isCancelled: asked on the caller's thread, many times a second on large files.
  /// - Throws: any `PointCloudError`; `geographicCoordinates` when x and y are degrees.
  public static func run(
    input: String, outputDirectory: String, parameters: GroundParameters = GroundParameters(), threads: Int = 1,
    limits: ReadLimits = ReadLimits(), progress: (_ stage: String, _ fraction: Double) -> Void = { _, _ in },
    isCancelled: () -> Bool = { false }
  ) throws(PointCloudError) -> GroundSummary {
    try parameters.validate()
    return try withoutActuallyEscaping(progress) { (progress) throws(PointCloudError) in
      try withoutActuallyEscaping(isCancelled) { (isCancelled) throws(PointCloudError) in
        var run = GroundRun(
          input: input, outputDirectory: outputDirectory, parameters: parameters, threads: max(1, threads),
          reporter: ProgressReporter(report: progress, isCancelled: isCancelled))
        return try run.run(limits)
      }
    }
  }
}

/// One run of the pipeline.
private struct GroundRun {
  let input: String
  let outputDirectory: String
  let parameters: GroundParameters
  let threads: Int
  let reporter: ProgressReporter
  var warnings: [String] = []

  mutating func run(_ limits: ReadLimits) throws(PointCloudError) -> GroundSummary {
    let cloud = try reporter.stage(.read) { (going) throws(PointCloudError) in
      try PointCloud.read(path: input, threads: threads, limits: limits, keepGoing: going)
    }
    warnings = cloud.warnings
    let scene = try understand(cloud)
    let ground = try reporter.stage(.ground) { (going) throws(PointCloudError) in
      try cloud.classifyGround(
        scene.positions.withHeights(times: scene.heightFactor), scene.parameters, threads: threads, progress: going)
    }
    let terrain = try reporter.stage(.terrain) { (going) throws(PointCloudError) in
      let terrain = TerrainModel(
        scene.positions, ground, closingRadius: scene.parameters.radius, threads: threads, keepGoing: { going(0.5) })
      guard going(1) else { throw .cancelled }
      return terrain
    }
    let names = try reporter.stage(.write) { (going) throws(PointCloudError) in
      try write(cloud, ground, terrain, scene, going)
    }
    let summary = summarize(cloud, scene, ground, terrain, outputs: names + ["summary.json"])
    try writeFile(summary.json(), "summary.json")
    reporter.finish()
    return summary
  }

  /// What the stages after reading need to know of the cloud.
  private struct Scene {
    let system: CoordinateSystem?
    let positions: Positions
    let bounds: (low: Vector3, high: Vector3)
    /// With lengths in the unit of x and y.
    let parameters: GroundParameters

    var heightFactor: Double { system?.heightFactor ?? 1 }
  }

  private mutating func understand(_ cloud: PointCloud) throws(PointCloudError) -> Scene {
    let system = try understandCoordinates(cloud)
    let positions = Positions(cloud, threads: threads)
    guard let bounds = positions.bounds() else { throw Self.noPoints }
    return Scene(
      system: system, positions: positions, bounds: bounds, parameters: effectiveParameters(system))
  }

  private func summarize(
    _ cloud: PointCloud, _ scene: Scene, _ ground: GroundClassification, _ terrain: TerrainModel, outputs: [String]
  ) -> GroundSummary {
    GroundSummary(
      points: cloud.count, ground: ground.groundCount, groundShare: Double(ground.groundCount) / Double(cloud.count),
      minimum: scene.bounds.low, maximum: scene.bounds.high, coordinateSystem: scene.system,
      unit: scene.system?.unit ?? "unknown", parameters: parameters, effectiveParameters: scene.parameters,
      inputFormat: cloud.formatDescription, inputOrigin: cloud.originDescription, chunks: cloud.chunkCount,
      threads: threads, terrain: terrain.summary, stages: reporter.times, outputs: outputs, warnings: warnings)
  }

  private static let noPoints = PointCloudError(
    .empty, "the file has no points", remedy: "Give a file with points.")

  /// Lengths need a projected system. One that cannot be understood is left out with a warning, not guessed.
  private mutating func understandCoordinates(_ cloud: PointCloud) throws(PointCloudError) -> CoordinateSystem? {
    do throws(PointCloudError) {
      guard let system = try cloud.coordinateSystem() else {
        warnings.append("the file names no coordinate reference system; lengths are in its own unit")
        return nil
      }
      guard !system.isGeographic else { throw Self.degrees(system) }
      return system
    } catch  where error.code == .raster {
      warnings.append("\(error.message); the results carry none")
      return nil
    }
  }

  private static func degrees(_ system: CoordinateSystem) -> PointCloudError {
    PointCloudError(
      .geographicCoordinates, "x and y are degrees (\(system.name)), and the filter needs lengths",
      remedy: "Project the file first, for example to its UTM zone: pdal translate in.las out.las reprojection "
        + "--filters.reprojection.out_srs=EPSG:<code>")
  }

  private mutating func effectiveParameters(_ system: CoordinateSystem?) -> GroundParameters {
    guard parameters.lengthUnit == .metres else { return parameters }
    guard let system else {
      warnings.append("lengths were given in metres and the file does not say its unit; metres are assumed")
      return parameters
    }
    return parameters.converted(metresPerUnit: system.metresPerUnit)
  }

  private func write(
    _ cloud: PointCloud, _ ground: GroundClassification, _ terrain: TerrainModel, _ scene: Scene,
    _ going: (Double) -> Bool
  ) throws(PointCloudError) -> [String] {
    let names = ["\(stem)-classified.las", "terrain.tif", "hillshade.png"]
    try cloud.write(path: path(names[0]), classifications: ground.classes)
    guard going(0.5) else { throw .cancelled }
    try RasterFile.writeGeoTIFF(terrain.heights, frame: terrain.frame, wkt: scene.system?.wkt, path: path(names[1]))
    guard going(0.75) else { throw .cancelled }
    try RasterFile.writePNG(
      TerrainPicture.draw(terrain, heightFactor: scene.heightFactor, threads: threads), path: path(names[2]))
    return names
  }

  private func writeFile(_ bytes: [UInt8], _ name: String) throws(PointCloudError) {
    var file = try AtomicFile(path(name))
    try file.write(bytes)
    try file.commit()
  }

  private func path(_ name: String) -> String { "\(outputDirectory)/\(name)" }

  /// The input's name without its folder and ending.
  private var stem: String {
    let name = input.split(separator: "/").last.map(String.init) ?? "cloud"
    guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return name }
    return String(name[..<dot])
  }
}

extension PointCloud {
  fileprivate var formatDescription: String {
    "LAS 1.\(header.minorVersion), point format \(format.number)\(header.isCompressed ? ", compressed" : "")"
  }

  fileprivate var originDescription: String {
    [header.systemIdentifier, header.generatingSoftware].filter { !$0.isEmpty }.joined(separator: " / ")
  }
}

extension TerrainModel {
  fileprivate var summary: GroundSummary.TerrainSummary {
    let range = range
    return GroundSummary.TerrainSummary(
      columns: frame.columns, rows: frame.rows, cell: frame.cell, lowest: range.map { Double($0.lowerBound) },
      highest: range.map { Double($0.upperBound) }, noData: Double(RasterFile.noData))
  }
}
