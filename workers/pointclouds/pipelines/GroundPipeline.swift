import Numerics

/// From a scan to its ground, its terrain and a picture: all that the capability `pointcloud.ground` does.
public struct GroundPipeline {
  public enum Stage: String, PipelineStage {
    case read, ground, terrain, write

    public var share: Double {
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
    return try ProgressReporter.whileReporting(to: progress, isCancelled) { (reporter) throws(PointCloudError) in
      try GroundRun(
        input: input, outputDirectory: outputDirectory, parameters: parameters, threads: max(1, threads),
        reporter: reporter
      ).run(limits)
    }
  }
}

/// One run of the pipeline.
private struct GroundRun {
  let input: String
  let outputDirectory: String
  let parameters: GroundParameters
  let threads: Int
  let reporter: ProgressReporter<GroundPipeline.Stage>

  func run(_ limits: ReadLimits) throws(PointCloudError) -> GroundSummary {
    var scan = try reporter.stage(.read) { (going) throws(PointCloudError) in
      try Scan(path: input, threads: threads, limits: limits, keepGoing: going)
    }
    let effective = parameters.converted(metresPerUnit: scan.metresPerUnit(parameters.lengthUnit))
    let ground = try reporter.stage(.ground) { [scan] (going) throws(PointCloudError) in
      try scan.cloud.classifyGround(
        scan.positions.withHeights(times: scan.heightFactor), effective, threads: threads, progress: going)
    }
    let terrain = try reporter.stage(.terrain) { [scan] (going) throws(PointCloudError) in
      let terrain = TerrainModel(
        scan.positions, ground, closingRadius: effective.radius, threads: threads, keepGoing: { going(0.5) })
      guard going(1) else { throw .cancelled }
      return terrain
    }
    let names = try reporter.stage(.write) { [scan] (going) throws(PointCloudError) in
      try write(scan, ground, terrain, going)
    }
    let summary = summarize(scan, effective, ground, terrain, outputs: names + ["summary.json"])
    try writeFile(summary.json(), path("summary.json"))
    reporter.finish()
    return summary
  }

  private func summarize(
    _ scan: Scan, _ effective: GroundParameters, _ ground: GroundClassification, _ terrain: TerrainModel,
    outputs: [String]
  ) -> GroundSummary {
    let count = scan.cloud.count
    return GroundSummary(
      points: count, ground: ground.groundCount, groundShare: Double(ground.groundCount) / Double(count),
      minimum: scan.bounds.low, maximum: scan.bounds.high, coordinateSystem: scan.system,
      unit: scan.system?.unit ?? "unknown", parameters: parameters, effectiveParameters: effective,
      inputFormat: scan.formatDescription, inputOrigin: scan.originDescription, chunks: scan.cloud.chunkCount,
      threads: threads, terrain: terrain.summary, stages: reporter.times, outputs: outputs, warnings: scan.warnings)
  }

  private func write(
    _ scan: Scan, _ ground: GroundClassification, _ terrain: TerrainModel, _ going: (Double) -> Bool
  ) throws(PointCloudError) -> [String] {
    let names = ["\(stem(of: input))-classified.las", "terrain.tif", "hillshade.png"]
    try scan.cloud.write(path: path(names[0]), classifications: ground.classes)
    guard going(0.5) else { throw .cancelled }
    try RasterFile.writeGeoTIFF(
      terrain.heights, "terrain", frame: terrain.frame, wkt: scan.system?.wkt, path: path(names[1]))
    guard going(0.75) else { throw .cancelled }
    try RasterFile.writePNG(
      TerrainPicture.draw(terrain.heights, cell: terrain.frame.cell, heightFactor: scan.heightFactor, threads: threads),
      path: path(names[2]))
    return names
  }

  private func path(_ name: String) -> String { "\(outputDirectory)/\(name)" }
}

extension TerrainModel {
  fileprivate var summary: GroundSummary.TerrainSummary {
    let range = range
    return GroundSummary.TerrainSummary(
      columns: frame.columns, rows: frame.rows, cell: frame.cell, lowest: range.map { Double($0.lowerBound) },
      highest: range.map { Double($0.upperBound) }, noData: Double(RasterFile.noData))
  }
}
