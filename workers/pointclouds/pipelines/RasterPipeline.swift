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
  ///   - progress: told the stage and the share of the whole that is done, growing from 0 to 1; on the caller's thread.
  ///   - isCancelled: asked on the caller's thread, now and then.
  /// - Throws: any `PointCloudError`; `geographicCoordinates` when x and y are degrees; `empty` where ground is needed, and no
  ///   three points are.
  /// - Complexity: O(points log points + cells) time. Memory by tiles of `TiledScan`, whatever the number of points; beyond 3 million
  ///   points, 17 bytes of disk for each in `outputDirectory` while it runs.
  public static func run(
    input: String, outputDirectory: String, parameters: RasterParameters = RasterParameters(), threads: Int = 1,
    limits: ReadLimits = ReadLimits(), tilePointsMax: Int = defaultTilePointsMax,
    progress: (_ stage: String, _ fraction: Double) -> Void = { _, _ in },
    isCancelled: () -> Bool = { false }
  ) throws(PointCloudError) -> RasterSummary {
    try parameters.validate()
    return try ProgressReporter.whileReporting(to: progress, isCancelled) { (reporter) throws(PointCloudError) in
      try RasterRun(
        input: input, outputDirectory: outputDirectory, parameters: parameters, threads: max(1, threads),
        tilePointsMax: tilePointsMax, reporter: reporter
      ).run(limits)
    }
  }
}

/// One run of the pipeline.
private struct RasterRun {
  let input: String
  let outputDirectory: String
  let parameters: RasterParameters
  let threads: Int
  let tilePointsMax: Int
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

  func run(_ limits: ReadLimits) throws(PointCloudError) -> RasterSummary {
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
    var ground: MappedGround?
    if products.contains(where: \.needsGround) {
      ground = try reporter.stage(.ground) { (going) throws(PointCloudError) in
        try MappedGround(points, effective, heightFactor: scan.heightFactor, threads: threads, keepGoing: going)
      }
    }
    let maps = try reporter.stage(.maps) { (going) throws(PointCloudError) in
      try map(scan, points, ground, effective, going)
    }
    let outputs = try reporter.stage(.write) { (going) throws(PointCloudError) in
      try finish(maps, scan, points, effective, going)
    }
    let summary = summarize(scan, effective, points, ground, maps, outputs: outputs + ["summary.json"])
    try writeSummary(summary, in: outputDirectory)
    reporter.finish()
    return summary
  }

  /// Makes the maps of each tile, and writes them to their files.
  private func map(
    _ scan: Scan, _ points: TiledScan, _ ground: MappedGround?, _ parameters: RasterParameters,
    _ going: (Double) -> Bool
  ) throws(PointCloudError) -> [RasterProduct: RasterOutput] {
    var outputs: [RasterProduct: RasterOutput] = [:]
    for product in mapped {
      let name = products.contains(product) ? "\(product.rawValue).tif" : ".\(product.rawValue).tif"
      outputs[product] = try RasterOutput(
        product.rawValue, points.frame, wkt: scan.system?.wkt, path: path(name))
    }
    let maps = TileMaps(
      scan: points, ground: ground, products: mapped, parameters: parameters, heightFactor: scan.heightFactor)
    try points.forEachTile(
      threads: threads, keepGoing: going,
      { (tile, threads, going) throws(PointCloudError) in try maps.make(tile, threads: threads, keepGoing: going) },
      { [outputs] (tile, made) throws(PointCloudError) in
        for (product, map) in made {
          if let output = outputs[product] { try points.write(map, of: tile, to: output) }
        }
      })
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
    _ scan: Scan, _ effective: RasterParameters, _ points: TiledScan, _ ground: MappedGround?,
    _ maps: [RasterProduct: RasterOutput], outputs: [String]
  ) -> RasterSummary {
    let cells = points.cells.columns * points.cells.rows
    let asked = maps.filter { products.contains($0.key) }
    return RasterSummary(
      points: points.count, ground: ground?.ground.count, groundFrom: ground?.source, minimum: points.bounds.low,
      maximum: points.bounds.high, coordinateSystem: scan.system, unit: scan.system?.unit ?? "unknown",
      parameters: parameters, effectiveParameters: effective, inputFormat: scan.formatDescription,
      inputOrigin: scan.originDescription, threads: threads, tiles: points.tiles.count, columns: points.cells.columns,
      rows: points.cells.rows, cell: points.cell, noData: Double(RasterFile.noData),
      maps: Dictionary(
        uniqueKeysWithValues: asked.map { ($0.key.rawValue, RasterSummary.MapSummary($0.value.statistics, of: cells)) }),
      stages: reporter.times, outputs: outputs, warnings: scan.warnings)
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
