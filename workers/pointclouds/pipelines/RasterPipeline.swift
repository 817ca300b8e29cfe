import Numerics

/// From a scan to its maps: all that the capability `pointcloud.raster` does.
public struct RasterPipeline {
  public enum Stage: String, PipelineStage {
    case read, ground, surface, maps, write

    public var share: Double {
      switch self {
      case .read: 0.2
      case .ground: 0.25
      case .surface: 0.2
      case .maps: 0.15
      case .write: 0.2
      }
    }
  }

  /// Reads `input` (LAS or LAZ) and writes into `outputDirectory`, which must exist: a GeoTIFF `<product>.tif` for each map,
  /// a picture `<product>.png` of all but `dtm`, `contours.geojson`, and `summary.json`, each complete or not at all.
  ///
  /// - Parameters:
  ///   - threads: the most threads to use, the caller's own among them.
  ///   - progress: told the stage and the share of the whole that is done, growing from 0 to 1; on the caller's thread.
  ///   - isCancelled: asked on the caller's thread, now and then.
  /// - Throws: any `PointCloudError`; `geographicCoordinates` when x and y are degrees; `empty` where ground is needed, and no
  ///   three points are.
  /// - Complexity: O(points log points + cells); about 235 bytes a point, and 35 a cell.
  public static func run(
    input: String, outputDirectory: String, parameters: RasterParameters = RasterParameters(), threads: Int = 1,
    limits: ReadLimits = ReadLimits(), progress: (_ stage: String, _ fraction: Double) -> Void = { _, _ in },
    isCancelled: () -> Bool = { false }
  ) throws(PointCloudError) -> RasterSummary {
    try parameters.validate()
    return try ProgressReporter.whileReporting(to: progress, isCancelled) { (reporter) throws(PointCloudError) in
      var run = RasterRun(
        input: input, outputDirectory: outputDirectory, parameters: parameters, threads: max(1, threads),
        reporter: reporter)
      return try run.run(limits)
    }
  }
}

/// One run of the pipeline.
private struct RasterRun {
  let input: String
  let outputDirectory: String
  let parameters: RasterParameters
  let threads: Int
  let reporter: ProgressReporter<RasterPipeline.Stage>
  private var maps: [RasterProduct: Grid<Float>] = [:]

  init(
    input: String, outputDirectory: String, parameters: RasterParameters, threads: Int,
    reporter: ProgressReporter<RasterPipeline.Stage>
  ) {
    (self.input, self.outputDirectory, self.parameters) = (input, outputDirectory, parameters)
    (self.threads, self.reporter) = (threads, reporter)
  }

  private var products: Set<RasterProduct> { Set(parameters.products) }

  mutating func run(_ limits: ReadLimits) throws(PointCloudError) -> RasterSummary {
    var scan = try reporter.stage(.read) { [input, threads] (going) throws(PointCloudError) in
      try Scan(path: input, threads: threads, limits: limits, keepGoing: going)
    }
    let effective = parameters.converted(metresPerUnit: scan.metresPerUnit(parameters.filter.lengthUnit))
    let frame = try GridFrame(
      SIMD2(scan.bounds.low.x, scan.bounds.low.y), SIMD2(scan.bounds.high.x, scan.bounds.high.y),
      cell: effective.filter.cell, limit: effective.filter.cellsLimit(points: scan.cloud.count))
    let cloud = MappedCloud(scan, frame, threads: threads)
    var ground: GroundPoints?
    if products.contains(where: \.needsGround) {
      ground = try reporter.stage(.ground) { [threads] (going) throws(PointCloudError) in
        try GroundPoints(scan, effective, frame, threads: threads, keepGoing: going)
      }
    }
    if let ground {
      try reporter.stage(.surface) { (going) throws(PointCloudError) in
        try mapGround(cloud, ground, effective, going)
      }
    }
    try reporter.stage(.maps) { (going) throws(PointCloudError) in try mapCells(cloud, effective, going) }
    let outputs = try reporter.stage(.write) { (going) throws(PointCloudError) in
      try write(scan, frame, effective, going)
    }
    let summary = summarize(scan, effective, frame, ground, outputs: outputs + ["summary.json"])
    try writeFile(summary.json(), path("summary.json"))
    reporter.finish()
    return summary
  }

  /// The bare earth, and what is measured from it.
  private mutating func mapGround(
    _ cloud: MappedCloud, _ ground: GroundPoints, _ parameters: RasterParameters, _ going: (Double) -> Bool
  ) throws(PointCloudError) {
    let positions = cloud.scan.positions
    let isGround = ground.isGround
    let surface = try TriangulatedSurface(
      positions, isPart: isGround, reach: parameters.reach, threads: threads, keepGoing: { going(0) })
    guard going(0.6) else { throw .cancelled }
    let dtm: Grid<Float>
    switch parameters.method {
    case .tin: dtm = cloud.frame.heights(of: surface, threads: threads)
    case .idw:
      dtm =
        TerrainModel(
          positions, ground.classification, closingRadius: parameters.filter.radius, threads: threads,
          keepGoing: { going(0.6) }
        ).heights
    }
    guard going(0.8) else { throw .cancelled }
    if products.contains(.chm) {
      let filled = dtm.filled(keepGoing: { going(0.8) })
      let above = HeightAboveGround(surface: surface, terrain: filled, frame: cloud.frame)
        .heights(positions, threads: threads)
      maps[.chm] = cloud.cells.highest(above).map { $0 < 0 ? 0 : $0 }
    }
    let factor = cloud.scan.heightFactor
    if products.contains(.slope) {
      maps[.slope] = dtm.slopeDegrees(cell: cloud.frame.cell, heightFactor: factor, threads: threads)
    }
    if products.contains(.aspect) { maps[.aspect] = dtm.aspectDegrees(threads: threads) }
    for product in [RasterProduct.dtm, .hillshade, .contours] where products.contains(product) { maps[product] = dtm }
  }

  /// What the points of each cell tell.
  private mutating func mapCells(
    _ cloud: MappedCloud, _ parameters: RasterParameters, _ going: (Double) -> Bool
  ) throws(PointCloudError) {
    if products.contains(.density) { maps[.density] = cloud.cells.density() }
    if products.contains(.dsm) { maps[.dsm] = cloud.cells.highest(cloud.heights(threads: threads)) }
    if products.contains(.intensity) { maps[.intensity] = cloud.cells.means(cloud.firstIntensities(threads: threads)) }
    let radius = Int((parameters.gap / cloud.frame.cell).rounded(.up))
    for product in [RasterProduct.dsm, .chm, .intensity] {
      guard going(0.5) else { throw .cancelled }
      maps[product] = maps[product]?.withoutHoles(radius: radius, threads: threads, keepGoing: { going(0.5) })
    }
    guard going(1) else { throw .cancelled }
  }

  private func write(
    _ scan: Scan, _ frame: GridFrame, _ parameters: RasterParameters, _ going: (Double) -> Bool
  ) throws(PointCloudError) -> [String] {
    var names: [String] = []
    let asked = RasterProduct.allCases.filter { maps[$0] != nil }
    for (place, product) in asked.enumerated() {
      guard let map = maps[product], going(Double(place) / Double(asked.count)) else { throw .cancelled }
      if product == .contours {
        names.append("contours.geojson")
        try ContourFile.write(
          map, interval: parameters.contourInterval, frame: frame, wkt: scan.system?.wkt, path: path("contours.geojson")
        )
        continue
      }
      if product != .hillshade {
        names.append("\(product.rawValue).tif")
        try RasterFile.writeGeoTIFF(
          map, product.rawValue, frame: frame, wkt: scan.system?.wkt, path: path("\(product.rawValue).tif"))
      }
      if product != .dtm {
        names.append("\(product.rawValue).png")
        let picture =
          product == .hillshade || product == .dsm
          ? TerrainPicture.draw(map, cell: frame.cell, heightFactor: scan.heightFactor, threads: threads)
          : RasterPicture.draw(map, threads: threads)
        try RasterFile.writePNG(picture, path: path("\(product.rawValue).png"))
      }
    }
    return names
  }

  private func summarize(
    _ scan: Scan, _ effective: RasterParameters, _ frame: GridFrame, _ ground: GroundPoints?, outputs: [String]
  ) -> RasterSummary {
    let maps = maps.filter { $0.key != .hillshade && $0.key != .contours }
    return RasterSummary(
      points: scan.cloud.count, ground: ground?.classification.groundCount, groundFrom: ground?.source,
      minimum: scan.bounds.low, maximum: scan.bounds.high, coordinateSystem: scan.system,
      unit: scan.system?.unit ?? "unknown", parameters: parameters, effectiveParameters: effective,
      inputFormat: scan.formatDescription, inputOrigin: scan.originDescription, threads: threads,
      columns: frame.columns, rows: frame.rows, cell: frame.cell, noData: Double(RasterFile.noData),
      maps: Dictionary(uniqueKeysWithValues: maps.map { ($0.key.rawValue, $0.value.summary) }),
      stages: reporter.times, outputs: outputs, warnings: scan.warnings)
  }

  private func path(_ name: String) -> String { "\(outputDirectory)/\(name)" }
}

extension Grid<Float> {
  fileprivate var summary: RasterSummary.MapSummary {
    let known = values.lazy.filter { !$0.isNaN }
    return RasterSummary.MapSummary(
      lowest: known.min().map(Double.init), highest: known.max().map(Double.init),
      coverage: Double(known.count) / Double(Swift.max(1, values.count)))
  }
}
