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
  ///   - parameters: `cell` is also the side of the terrain's cells.
  ///   - method: how ground is found; all but `smrf` take nothing but cells and limits from `parameters`.
  ///   - threads: the most threads to use, the caller's own among them.
  ///   - tilePointsMax: the most points that are worked on at once, on each thread: about 0.3 GB for the default.
  ///   - progress: told the stage and the share of the whole that is done, growing from 0 to 1; on the caller's thread.
  ///   - isCancelled: asked on the caller's thread, many times a second on large files.
  /// - Throws: any `PointCloudError`; `geographicCoordinates` when x and y are degrees.
  /// - Complexity: reads the file twice. Memory by tiles of `TiledScan`, whatever the number of points; beyond 3 million points, 17 bytes
  ///   of disk for each in `outputDirectory` while it runs.
  public static func run(
    input: String, outputDirectory: String, parameters: GroundParameters = GroundParameters(),
    method: GroundMethod.Name = .smrf, threads: Int = 1,
    limits: ReadLimits = ReadLimits(), tilePointsMax: Int = defaultTilePointsMax,
    progress: (_ stage: String, _ fraction: Double) -> Void = { _, _ in },
    isCancelled: () -> Bool = { false }
  ) throws(PointCloudError) -> GroundSummary {
    try parameters.validate()
    return try ProgressReporter.whileReporting(to: progress, isCancelled) { (reporter) throws(PointCloudError) in
      try GroundRun(
        input: input, outputDirectory: outputDirectory, parameters: parameters, method: method,
        threads: max(1, threads),
        tilePointsMax: tilePointsMax, reporter: reporter
      ).run(limits)
    }
  }
}

/// One run of the pipeline.
private struct GroundRun {
  let input: String
  let outputDirectory: String
  let parameters: GroundParameters
  let method: GroundMethod.Name
  let threads: Int
  let tilePointsMax: Int
  let reporter: ProgressReporter<GroundPipeline.Stage>

  func run(_ limits: ReadLimits) throws(PointCloudError) -> GroundSummary {
    var opened: (scan: Scan, effective: GroundParameters, method: GroundMethod)?
    let points = try reporter.stage(.read) { (going) throws(PointCloudError) in
      var scan = try Scan(path: input, limits: limits)
      let metresPerUnit = scan.metresPerUnit(parameters.lengthUnit)
      let effective = parameters.converted(metresPerUnit: metresPerUnit)
      opened = (scan, effective, GroundMethod(method, effective, metresPerUnit: scan.knownMetresPerUnit))
      return try TiledScan(
        scan.file, cell: effective.cell, limit: effective.cellsLimit(points: Int(scan.file.header.pointCount)),
        folder: outputDirectory, tilePointsMax: tilePointsMax, threads: threads, keepGoing: going)
    }
    guard let (scan, given, method) = opened else { throw .cancelled }
    let ground = try reporter.stage(.ground) { (going) throws(PointCloudError) in
      try TiledGround(
        finding: points, method, heightFactor: scan.heightFactor, threads: threads, keepGoing: going)
    }
    let effective = ground.chosen?.parameters.withCell(given.cell) ?? given
    let terrain = try reporter.stage(.terrain) { (going) throws(PointCloudError) in
      try mapTerrain(scan, points, ground, effective, going)
    }
    let names = try reporter.stage(.write) { (going) throws(PointCloudError) in
      try write(scan, points, ground, terrain, going)
    }
    let summary = summarize(scan, effective, points, ground, terrain, outputs: names + ["summary.json"])
    try writeSummary(summary, in: outputDirectory)
    reporter.finish()
    return summary
  }

  private func mapTerrain(
    _ scan: Scan, _ points: TiledScan, _ ground: TiledGround, _ parameters: GroundParameters,
    _ going: (Double) -> Bool
  ) throws(PointCloudError) -> RasterOutput {
    let output = try RasterOutput(
      "terrain", points.frame, wkt: scan.system?.wkt, path: path("terrain.tif"))
    let radius = parameters.radius
    try points.forEachTile(
      threads: threads, keepGoing: going,
      { (tile, threads, going) throws(PointCloudError) in
        let around = try points.load(tile, margin: TerrainModel.margin(closingRadius: radius), classes: ground.classes)
        let terrain = TerrainModel(
          around.positions, around.classification, closingRadius: radius, threads: threads, keepGoing: { going(0.5) })
        guard going(1) else { throw .cancelled }
        return around.cropped(terrain.heights)
      },
      { (tile, heights) throws(PointCloudError) in try points.write(heights, of: tile, to: output) })
    return output
  }

  private func summarize(
    _ scan: Scan, _ effective: GroundParameters, _ points: TiledScan, _ ground: TiledGround, _ terrain: RasterOutput,
    outputs: [String]
  ) -> GroundSummary {
    GroundSummary(
      points: points.count, ground: ground.count, groundShare: Double(ground.count) / Double(points.count),
      minimum: points.bounds.low, maximum: points.bounds.high, coordinateSystem: scan.system,
      unit: scan.system?.unit ?? "unknown", method: method,
      parameters: parameters, effectiveParameters: effective, reasons: ground.chosen?.reasons ?? [],
      inputFormat: scan.formatDescription, inputOrigin: scan.originDescription, chunks: scan.chunkCount,
      threads: threads, tiles: points.tiles.count,
      terrain: GroundSummary.TerrainSummary(
        columns: points.cells.columns, rows: points.cells.rows, cell: effective.cell,
        lowest: terrain.statistics.lowest.map(Double.init), highest: terrain.statistics.highest.map(Double.init),
        noData: Double(RasterFile.noData)), stages: reporter.times, outputs: outputs, warnings: scan.warnings)
  }

  private func write(
    _ scan: Scan, _ points: TiledScan, _ ground: TiledGround, _ terrain: RasterOutput, _ going: (Double) -> Bool
  ) throws(PointCloudError) -> [String] {
    let names = ["\(stem(of: input))-classified.las", "terrain.tif", "hillshade.png"]
    var writer = try StreamWriter(path: path(names[0]), frame: scan.file.frame, summary: .asGiven, threads: threads)
    let format = scan.file.header.pointFormat
    try points.forEachPart([ground.classes], threads: threads, keepGoing: { going(0.8 * $0) }) {
      (records, values) throws(PointCloudError) in
      try writer.append(records.reclassified(values[0][...], format)) { going(0) }
    }
    try writer.finish { going(0.8) }
    try terrain.finish()
    let drawn = try RasterInput(path: path(names[1])).values(sideMax: TerrainPicture.sideMax)
    guard going(0.9) else { throw .cancelled }
    try RasterFile.writePNG(
      TerrainPicture.draw(
        drawn.grid, cell: points.cell * drawn.cellsPerValue, heightFactor: scan.heightFactor, threads: threads),
      path: path(names[2]))
    return names
  }

  private func path(_ name: String) -> String { "\(outputDirectory)/\(name)" }
}

extension GroundParameters {
  /// The same parameters for a raster of other cells.
  fileprivate func withCell(_ cell: Double) -> GroundParameters {
    var parameters = self
    parameters.cell = cell
    return parameters
  }
}
