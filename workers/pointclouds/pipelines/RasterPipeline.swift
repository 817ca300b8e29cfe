import Glibc
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

  private var products: Set<RasterProduct> { Set(parameters.products) }

  /// The maps that are made of points; the others are made of the terrain.
  private var mapped: [RasterProduct] {
    let needsTerrain = !products.isDisjoint(with: [.dtm, .hillshade, .contours])
    return RasterProduct.allCases.filter { product in
      switch product {
      case .dtm: needsTerrain
      case .hillshade, .contours: false
      default: products.contains(product)
      }
    }
  }

  /// What the maps of a tile depend on beside the points.
  private struct Key: Encodable {
    let parameters: RasterParameters
    let heightFactor: Double
  }

  private func open() throws(PointCloudError) -> (Scan, SharedTiles, TileMaps) {
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
    var maps = TileMaps(
      scan: points, ground: nil, products: mapped, parameters: effective, heightFactor: scan.heightFactor)
    if products.contains(where: \.needsGround) {
      maps.ground = try reporter.stage(.ground) { (going) throws(PointCloudError) in
        try MappedGround(
          tiles, around: maps.groundTiles(for: tiles.missing(.maps)), effective, heightFactor: scan.heightFactor,
          threads: threads, keepGoing: going)
      }
    }
    return (scan, tiles, maps)
  }

  func run(_ part: TilePart) throws(PointCloudError) -> TilePartSummary {
    let (scan, tiles, maps) = try open()
    try reporter.stage(.maps) { (going) throws(PointCloudError) in
      try make(maps, of: tiles, going) { (_, _) in }
    }
    let summary = try tiles.finish(
      part, stem: stem(of: input), in: outputDirectory, threads: threads, times: reporter.times,
      warnings: scan.warnings)
    reporter.finish()
    return summary
  }

  func run() throws(PointCloudError) -> RasterSummary {
    let (scan, tiles, maps) = try open()
    let made = try reporter.stage(.maps) { (going) throws(PointCloudError) in try map(scan, tiles, maps, going) }
    let outputs = try reporter.stage(.write) { (going) throws(PointCloudError) in
      try finish(made, scan, tiles.scan, maps.parameters, going)
    }
    let summary = summarize(scan, maps, tiles, made, outputs: outputs + ["summary.json"])
    try writeSummary(summary, in: outputDirectory)
    reporter.finish()
    return summary
  }

  private func make(
    _ maps: TileMaps, of tiles: SharedTiles, _ going: (Double) -> Bool,
    _ consume: (TiledScan.Tile, [RasterProduct: Grid<Float>]) throws(PointCloudError) -> Void
  ) throws(PointCloudError) {
    try tiles.forEachTile(
      tiles.own, maps.pass, threads: threads, keepGoing: going,
      { (tile, threads, going) throws(PointCloudError) in try maps.make(tile, threads: threads, keepGoing: going) },
      consume)
  }

  /// Makes the maps of each tile, and writes them to their files.
  private func map(
    _ scan: Scan, _ tiles: SharedTiles, _ maps: TileMaps, _ going: (Double) -> Bool
  ) throws(PointCloudError) -> [RasterProduct: RasterOutput] {
    let points = tiles.scan
    var outputs: [RasterProduct: RasterOutput] = [:]
    for product in mapped {
      let name = products.contains(product) ? "\(product.rawValue).tif" : ".\(product.rawValue).tif"
      outputs[product] = try RasterOutput(
        product.rawValue, points.frame, wkt: scan.system?.wkt, path: path(name))
    }
    try make(maps, of: tiles, going) { [outputs] (tile, made) throws(PointCloudError) in
      for (product, map) in made {
        if let output = outputs[product] { try points.write(map, of: tile, to: output) }
      }
    }
    return outputs
  }

  /// Gives the maps their names, and makes what is made of them.
  private func finish(
    _ maps: [RasterProduct: RasterOutput], _ scan: Scan, _ points: TiledScan, _ parameters: RasterParameters,
    _ going: (Double) -> Bool
  ) throws(PointCloudError) -> [String] {
    let hidden = products.contains(.dtm) ? nil : maps[.dtm]?.path
    defer { if let hidden { unsafe unlink(hidden) } }
    for output in maps.values { try output.finish() }
    var names: [String] = []
    let asked = RasterProduct.allCases.filter(products.contains)
    for (place, product) in asked.enumerated() {
      guard going(Double(place) / Double(asked.count)) else { throw .cancelled }
      guard let raster = maps[product == .hillshade || product == .contours ? .dtm : product] else { continue }
      switch product {
      case .dtm: names.append("dtm.tif")
      case .contours:
        names.append("contours.geojson")
        try ContourFile.write(
          raster: raster.path, interval: parameters.contourInterval, wkt: scan.system?.wkt,
          to: path("contours.geojson"))
      default:
        if product != .hillshade { names.append("\(product.rawValue).tif") }
        names.append("\(product.rawValue).png")
        try draw(product, raster, scan, points)
      }
    }
    return names
  }

  private func draw(
    _ product: RasterProduct, _ raster: RasterOutput, _ scan: Scan, _ points: TiledScan
  ) throws(PointCloudError) {
    let drawn = try RasterInput(path: raster.path).values(sideMax: TerrainPicture.sideMax)
    let picture =
      product == .hillshade || product == .dsm
      ? TerrainPicture.draw(
        drawn.grid, cell: points.cell * drawn.cellsPerValue, heightFactor: scan.heightFactor, threads: threads)
      : RasterPicture.draw(drawn.grid, threads: threads)
    try RasterFile.writePNG(picture, path: path("\(product.rawValue).png"))
  }

  private func summarize(
    _ scan: Scan, _ work: TileMaps, _ tiles: SharedTiles, _ maps: [RasterProduct: RasterOutput], outputs: [String]
  ) -> RasterSummary {
    let (points, ground) = (tiles.scan, work.ground)
    let cells = points.cells.columns * points.cells.rows
    let asked = maps.filter { products.contains($0.key) }
    return RasterSummary(
      points: points.count, ground: ground?.ground.count, groundFrom: ground?.source, minimum: points.bounds.low,
      maximum: points.bounds.high, coordinateSystem: scan.system, unit: scan.system?.unit ?? "unknown",
      parameters: parameters, effectiveParameters: work.parameters, inputFormat: scan.formatDescription,
      inputOrigin: scan.originDescription, threads: threads, tiles: points.tiles.count,
      tilesTaken: tiles.taken, pointsWorked: tiles.pointsWorked(.maps), columns: points.cells.columns,
      rows: points.cells.rows, cell: points.cell, noData: Double(RasterFile.noData),
      maps: Dictionary(
        uniqueKeysWithValues: asked.map { ($0.key.rawValue, RasterSummary.MapSummary($0.value.statistics, of: cells)) }),
      stages: reporter.times, outputs: outputs, warnings: scan.warnings + tiles.warnings)
  }

  private func path(_ name: String) -> String { "\(outputDirectory)/\(name)" }
}

extension RasterSummary.MapSummary {
  fileprivate init(_ statistics: RasterOutput.Statistics, of cells: Int) {
    self.init(
      lowest: statistics.lowest.map(Double.init), highest: statistics.highest.map(Double.init),
      coverage: Double(statistics.count) / Double(max(1, cells)))
  }
}
