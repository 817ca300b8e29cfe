import Numerics

/// From a scan to its maps: all that the capability `pointcloud.raster` does.
public struct RasterPipeline {
  public enum Stage: String, PipelineStage {
    case read, ground, maps, write

    public var share: Double {
      switch self {
      case .read: 0.25
      case .ground: 0.25
      case .maps: 0.4
      case .write: 0.1
      }
    }
  }

  /// Reads `input` (LAS or LAZ) and writes into `outputDirectory`, which must exist: a GeoTIFF `<product>.tif` for each map,
  /// a picture `<product>.png` of all but `dtm`, `contours.geojson`, and `summary.json`, each complete or not at all.
  ///
  /// - Parameters:
  ///   - threads: the most threads to use, the caller's own among them.
  ///   - tilePointsMax: the most points that are worked on at once, on each thread: about 0.3 GB for the default.
  ///   - finished: files that parts of the same work have written (`runPart`), whose tiles are taken instead of worked on again; the result
  ///     is the same.
  ///   - checkpointFolder: where tiles that are finished are kept, and taken by another attempt at the same.
  ///   - progress: told the stage and the share of the whole that is done, growing from 0 to 1; on the caller's thread.
  ///   - isCancelled: asked on the caller's thread, now and then.
  /// - Throws: any `PointCloudError`; `geographicCoordinates` when x and y are degrees; `empty` where ground is needed, and no
  ///   three points are; `invalidParameter`, naming the file and what differs, where others have worked on something else.
  /// - Complexity: O(points log points + cells) time. Memory by tiles of `TiledScan`, whatever the number of points; beyond 3 million
  ///   points, 21 bytes of disk for each in `outputDirectory` while it runs.
  public static func run(
    input: String, outputDirectory: String, parameters: RasterParameters = RasterParameters(), threads: Int = 1,
    limits: ReadLimits = ReadLimits(), tilePointsMax: Int = defaultTilePointsMax,
    finished: [String] = [], checkpointFolder: String? = nil,
    progress: (_ stage: String, _ fraction: Double) -> Void = { _, _ in },
    isCancelled: () -> Bool = { false }
  ) throws(PointCloudError) -> RasterSummary {
    try parameters.validate()
    return try ProgressReporter.whileReporting(to: progress, isCancelled) { (reporter) throws(PointCloudError) in
      try RasterRun(
        input: input, outputDirectory: outputDirectory, parameters: parameters, threads: max(1, threads),
        limits: limits, tilePointsMax: tilePointsMax,
        sharing: TileSharing(finished: finished, checkpointFolder: checkpointFolder), reporter: reporter
      ).run()
    }
  }

  /// Makes the maps of a part of the scan's tiles, and writes them as `<stem>-part-<k>-of-<n>.tiles` for a run that is given all parts
  /// (`finished`), and `summary.json`. The parameters are those of `run`.
  ///
  /// - Throws: as `run`, but that a part may have no ground.
  /// - Complexity: reads and sorts the whole file once, however many parts there are. Ground that is to be found is found also in the tiles
  ///   around the part's own that its maps reach into; the rest is shared.
  public static func runPart(
    _ part: TilePart, input: String, outputDirectory: String, parameters: RasterParameters = RasterParameters(),
    threads: Int = 1, limits: ReadLimits = ReadLimits(), tilePointsMax: Int = defaultTilePointsMax,
    checkpointFolder: String? = nil,
    progress: (_ stage: String, _ fraction: Double) -> Void = { _, _ in },
    isCancelled: () -> Bool = { false }
  ) throws(PointCloudError) -> TilePartSummary {
    try parameters.validate()
    return try ProgressReporter.whileReporting(to: progress, isCancelled) { (reporter) throws(PointCloudError) in
      try RasterRun(
        input: input, outputDirectory: outputDirectory, parameters: parameters, threads: max(1, threads),
        limits: limits, tilePointsMax: tilePointsMax,
        sharing: TileSharing(part: part, checkpointFolder: checkpointFolder), reporter: reporter
      ).run(part)
    }
  }
}

/// One run of the pipeline.
private struct RasterRun {
  let input: String
  let outputDirectory: String
  let parameters: RasterParameters
  let threads: Int
  let limits: ReadLimits
  let tilePointsMax: Int
  let sharing: TileSharing
  let reporter: ProgressReporter<RasterPipeline.Stage>

  /// What the maps of a tile depend on beside the points.
  private struct Key: Encodable {
    let parameters: RasterParameters
    let heightFactor: Double
  }

  /// A scan whose maps are to be made.
  private struct Opened {
    let scan: Scan
    let tiles: SharedTiles
    let maps: TileMaps
    /// Nil where no map needs to know.
    let ground: MappedGround?
  }

  private func open() throws(PointCloudError) -> Opened {
    var opened: (scan: Scan, effective: RasterParameters)?
    let points = try reporter.stage(.read) { (going) throws(PointCloudError) in
      var scan = try Scan(path: input, limits: limits)
      let effective = parameters.converted(metresPerUnit: scan.metresPerUnit(parameters.filter.lengthUnit))
      opened = (scan, effective)
      return try TiledScan(
        scan.file, cell: effective.filter.cell,
        limit: effective.filter.cellsLimit(points: Int(scan.file.header.pointCount)), folder: outputDirectory,
        tilePointsMax: tilePointsMax, threads: threads, keepGoing: going)
    }
    guard let (scan, effective) = opened else { throw .cancelled }
    let tiles = try SharedTiles(
      points, sharing, outputPath: { path($0.fileName(stem: stem(of: input))) }, limits: limits
    ) { () throws(PointCloudError) in
      try TileKey(
        "raster", points, tilePointsMax: tilePointsMax,
        parameters: Key(parameters: effective.withProductsInOrder, heightFactor: scan.heightFactor))
    }
    tiles.warnOfMissing(.maps)
    var maps = TileMaps(scan: points, parameters: effective, heightFactor: scan.heightFactor)
    var ground: MappedGround?
    if maps.needsGround {
      ground = try reporter.stage(.ground) { (going) throws(PointCloudError) in
        try MappedGround(
          tiles, around: maps.groundTiles(for: tiles.missing(.maps)), effective, heightFactor: scan.heightFactor,
          threads: threads, keepGoing: going)
      }
      maps.classes = ground?.ground.classes
    }
    return Opened(scan: scan, tiles: tiles, maps: maps, ground: ground)
  }

  func run(_ part: TilePart) throws(PointCloudError) -> TilePartSummary {
    let opened = try open()
    try reporter.stage(.maps) { (going) throws(PointCloudError) in
      try opened.maps.make(.maps, opened.tiles, threads: threads, keepGoing: going) { (_, _) in }
    }
    let summary = try opened.tiles.finish(
      part, stem: stem(of: input), in: outputDirectory, threads: threads, times: reporter.times,
      warnings: opened.scan.warnings)
    reporter.finish()
    return summary
  }

  func run() throws(PointCloudError) -> RasterSummary {
    let opened = try open()
    let (scan, maps) = (opened.scan, opened.maps)
    let files = try reporter.stage(.maps) { (going) throws(PointCloudError) in
      let files = try MapFiles(
        maps.parameters, maps.scan.cells, cell: maps.scan.cell, heightFactor: scan.heightFactor,
        wkt: scan.system?.wkt, folder: outputDirectory)
      try maps.make(.maps, opened.tiles, threads: threads, keepGoing: going) { (tile, made) throws(PointCloudError) in
        try files.write(made, of: tile)
      }
      return files
    }
    let names = try reporter.stage(.write) { (going) throws(PointCloudError) in
      try files.finish(threads: threads, going: going)
    }
    let summary = summarize(opened, files, outputs: names + ["summary.json"])
    try writeSummary(summary, in: outputDirectory)
    reporter.finish()
    return summary
  }

  private func summarize(_ opened: Opened, _ files: MapFiles, outputs: [String]) -> RasterSummary {
    let (scan, tiles, points, ground) = (opened.scan, opened.tiles, opened.tiles.scan, opened.ground)
    return RasterSummary(
      points: points.count, ground: ground?.ground.count, groundFrom: ground?.source, minimum: points.bounds.low,
      maximum: points.bounds.high, coordinateSystem: scan.system, unit: scan.system?.unit ?? "unknown",
      parameters: parameters, effectiveParameters: opened.maps.parameters, inputFormat: scan.formatDescription,
      inputOrigin: scan.originDescription, threads: threads, tiles: points.tiles.count,
      tilesTaken: tiles.taken, pointsWorked: tiles.pointsWorked(.maps), columns: points.cells.columns,
      rows: points.cells.rows, cell: points.cell, noData: Double(RasterFile.noData), maps: files.summaries,
      stages: reporter.times, outputs: outputs, warnings: scan.warnings + tiles.warnings)
  }

  private func path(_ name: String) -> String { "\(outputDirectory)/\(name)" }
}
