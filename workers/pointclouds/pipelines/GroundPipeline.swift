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
  ///   - finished: files that parts of the same work have written (`runPart`), whose tiles are taken instead of worked on again; the result
  ///     is the same.
  ///   - checkpointFolder: where tiles that are finished are kept, and taken by another attempt at the same.
  ///   - progress: told the stage and the share of the whole that is done, growing from 0 to 1; on the caller's thread.
  ///   - isCancelled: asked on the caller's thread, many times a second on large files.
  /// - Throws: any `PointCloudError`; `geographicCoordinates` when x and y are degrees; `invalidParameter`, naming the file and what
  ///   differs, where others have worked on something else.
  /// - Complexity: reads the file twice. Memory by tiles of `TiledScan`, whatever the number of points; beyond 3 million points, 21 bytes
  ///   of disk for each in `outputDirectory` while it runs.
  public static func run(
    input: String, outputDirectory: String, parameters: GroundParameters = GroundParameters(),
    method: GroundMethod.Name = .smrf, threads: Int = 1,
    limits: ReadLimits = ReadLimits(), tilePointsMax: Int = defaultTilePointsMax,
    finished: [String] = [], checkpointFolder: String? = nil,
    progress: (_ stage: String, _ fraction: Double) -> Void = { _, _ in },
    isCancelled: () -> Bool = { false }
  ) throws(PointCloudError) -> GroundSummary {
    try parameters.validate()
    return try ProgressReporter.whileReporting(to: progress, isCancelled) { (reporter) throws(PointCloudError) in
      try GroundRun(
        input: input, outputDirectory: outputDirectory, parameters: parameters, method: method,
        threads: max(1, threads), limits: limits, tilePointsMax: tilePointsMax,
        sharing: TileSharing(finished: finished, checkpointFolder: checkpointFolder), reporter: reporter
      ).run()
    }
  }

  /// Finds the ground of a part of the scan's tiles, and writes it as `<stem>-part-<k>-of-<n>.tiles` for a run that is given all parts
  /// (`finished`), and `summary.json`. The parameters are those of `run`.
  ///
  /// - Throws: as `run`.
  /// - Complexity: reads and sorts the whole file once, however many parts there are; the rest is shared.
  public static func runPart(
    _ part: TilePart, input: String, outputDirectory: String, parameters: GroundParameters = GroundParameters(),
    method: GroundMethod.Name = .smrf, threads: Int = 1,
    limits: ReadLimits = ReadLimits(), tilePointsMax: Int = defaultTilePointsMax, checkpointFolder: String? = nil,
    progress: (_ stage: String, _ fraction: Double) -> Void = { _, _ in },
    isCancelled: () -> Bool = { false }
  ) throws(PointCloudError) -> TilePartSummary {
    try parameters.validate()
    return try ProgressReporter.whileReporting(to: progress, isCancelled) { (reporter) throws(PointCloudError) in
      try GroundRun(
        input: input, outputDirectory: outputDirectory, parameters: parameters, method: method,
        threads: max(1, threads), limits: limits, tilePointsMax: tilePointsMax,
        sharing: TileSharing(part: part, checkpointFolder: checkpointFolder), reporter: reporter
      ).run(part)
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
  let limits: ReadLimits
  let tilePointsMax: Int
  let sharing: TileSharing
  let reporter: ProgressReporter<GroundPipeline.Stage>

  /// A scan whose points are sorted.
  private struct Opened {
    var scan: Scan
    let effective: GroundParameters
    let method: GroundMethod
  }

  /// What the ground of a tile depends on beside the points.
  private struct Key: Encodable {
    let method: GroundMethod.Name
    let parameters: GroundParameters
    let metresPerUnit: Double
    let heightFactor: Double
  }

  private func open() throws(PointCloudError) -> (Opened, SharedTiles) {
    var opened: Opened?
    let points = try reporter.stage(.read) { (going) throws(PointCloudError) in
      var scan = try Scan(path: input, limits: limits)
      let metresPerUnit = scan.metresPerUnit(parameters.lengthUnit)
      let effective = parameters.converted(metresPerUnit: metresPerUnit)
      opened = Opened(
        scan: scan, effective: effective,
        method: GroundMethod(method, effective, metresPerUnit: scan.knownMetresPerUnit))
      return try TiledScan(
        scan.file, cell: effective.cell, limit: effective.cellsLimit(points: Int(scan.file.header.pointCount)),
        folder: outputDirectory, tilePointsMax: tilePointsMax, threads: threads, keepGoing: going)
    }
    guard let opened else { throw .cancelled }
    let tiles = try SharedTiles(
      points, sharing, outputPath: { path($0.fileName(stem: stem(of: input))) }, limits: limits
    ) { () throws(PointCloudError) in
      try TileKey(
        "ground", points, tilePointsMax: tilePointsMax,
        parameters: Key(
          method: method, parameters: opened.effective, metresPerUnit: opened.scan.knownMetresPerUnit,
          heightFactor: opened.scan.heightFactor))
    }
    tiles.warnOfMissing(.ground)
    return (opened, tiles)
  }

  private func find(_ opened: Opened, _ tiles: SharedTiles) throws(PointCloudError) -> TiledGround {
    try reporter.stage(.ground) { (going) throws(PointCloudError) in
      try TiledGround(
        finding: tiles.own, of: tiles, opened.method, heightFactor: opened.scan.heightFactor, threads: threads,
        keepGoing: going)
    }
  }

  func run(_ part: TilePart) throws(PointCloudError) -> TilePartSummary {
    let (opened, tiles) = try open()
    _ = try find(opened, tiles)
    let summary = try tiles.finish(
      part, stem: stem(of: input), in: outputDirectory, threads: threads, times: reporter.times,
      warnings: opened.scan.warnings)
    reporter.finish()
    return summary
  }

  func run() throws(PointCloudError) -> GroundSummary {
    let (opened, tiles) = try open()
    let (scan, given, points) = (opened.scan, opened.effective, tiles.scan)
    let ground = try find(opened, tiles)
    let effective = ground.chosen?.parameters.withCell(given.cell) ?? given
    let terrain = try reporter.stage(.terrain) { (going) throws(PointCloudError) in
      try mapTerrain(scan, points, ground, effective, going)
    }
    let names = try reporter.stage(.write) { (going) throws(PointCloudError) in
      try write(scan, points, ground, terrain, going)
    }
    let summary = summarize(scan, effective, tiles, ground, terrain, outputs: names + ["summary.json"])
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
    _ scan: Scan, _ effective: GroundParameters, _ tiles: SharedTiles, _ ground: TiledGround, _ terrain: RasterOutput,
    outputs: [String]
  ) -> GroundSummary {
    let points = tiles.scan
    return GroundSummary(
      points: points.count, ground: ground.count, groundShare: Double(ground.count) / Double(points.count),
      minimum: points.bounds.low, maximum: points.bounds.high, coordinateSystem: scan.system,
      unit: scan.system?.unit ?? "unknown", method: method,
      parameters: parameters, effectiveParameters: effective, reasons: ground.chosen?.reasons ?? [],
      inputFormat: scan.formatDescription, inputOrigin: scan.originDescription, chunks: scan.chunkCount,
      threads: threads, tiles: points.tiles.count, tilesTaken: tiles.taken,
      pointsWorked: tiles.pointsWorked(.ground),
      terrain: GroundSummary.TerrainSummary(
        columns: points.cells.columns, rows: points.cells.rows, cell: effective.cell,
        lowest: terrain.statistics.lowest.map(Double.init), highest: terrain.statistics.highest.map(Double.init),
        noData: Double(RasterFile.noData)), stages: reporter.times, outputs: outputs,
      warnings: scan.warnings + tiles.warnings)
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
