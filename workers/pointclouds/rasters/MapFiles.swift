import Glibc
import Numerics

/// The maps of a scan on their way to files, which get their names when all is written; dropped before that, nothing is left.
struct MapFiles {
  let parameters: RasterParameters
  /// What the maps cover.
  let cells: CellRectangle
  /// The side of a cell, in the unit of x and y.
  let cell: Double
  private let heightFactor: Double
  private let wkt: String?
  private let folder: String
  /// What the names of the files begin with.
  private let prefix: String
  private var outputs: [RasterProduct: RasterOutput] = [:]

  /// - Parameters:
  ///   - parameters: with lengths in the unit of the coordinates.
  ///   - folder: which must exist.
  /// - Throws: `fileAccess`, `raster`, `libraryMissing`.
  init(
    _ parameters: RasterParameters, _ cells: CellRectangle, cell: Double, heightFactor: Double, wkt: String?,
    folder: String, prefix: String = ""
  ) throws(PointCloudError) {
    (self.parameters, self.cells, self.cell, self.heightFactor) = (parameters, cells, cell, heightFactor)
    (self.wkt, self.folder, self.prefix) = (wkt, folder, prefix)
    // What a hidden map is made for is in no other set of maps with this prefix.
    let hidden = ".\(prefix)\(parameters.products.first?.rawValue ?? "")-"
    for product in parameters.mapped {
      let name = "\(parameters.products.contains(product) ? prefix : hidden)\(product.rawValue).tif"
      outputs[product] = try RasterOutput(
        product.rawValue, cells.frame(cell: cell), wkt: wkt, path: "\(folder)/\(name)")
    }
  }

  /// Writes the maps of a tile's own cells, as far as they are among those that are covered.
  func write(_ maps: [RasterProduct: Grid<Float>], of tile: TiledScan.Tile) throws(PointCloudError) {
    let part = tile.cells.intersection(cells)
    guard !part.isEmpty else { return }
    let place = part.low &- cells.low
    for (product, map) in maps {
      try outputs[product]?.write(map.cropped(to: part, of: tile.cells), column: place.x, row: place.y)
    }
  }

  /// Gives the files their names, and makes what is made of them.
  ///
  /// - Parameter going: told the share that is done; answers whether to go on.
  /// - Returns: the names.
  func finish(threads: Int, going: (Double) -> Bool) throws(PointCloudError) -> [String] {
    let products = Set(parameters.products)
    let hidden = products.contains(.dtm) ? nil : outputs[.dtm]?.path
    defer { if let hidden { unsafe unlink(hidden) } }
    for output in outputs.values { try output.finish() }
    let asked = RasterProduct.allCases.filter(products.contains)
    for (place, product) in asked.enumerated() {
      guard going(Double(place) / Double(asked.count)) else { throw .cancelled }
      let source = outputs[product.isOfTerrain ? .dtm : product]
      guard let source else { continue }
      if product == .contours {
        try requireContours()
        try ContourFile.write(
          raster: source.path, interval: parameters.contourInterval, wkt: wkt, to: "\(folder)/\(prefix)contours.geojson"
        )
      }
      if product.hasPicture { try draw(product, source.path, threads: threads) }
    }
    return asked.flatMap { $0.fileNames(prefix: prefix) }
  }

  /// Lines that would be drawn above one another: more than anyone can tell apart, made of heights that are none.
  private static let contourLevelsMax = 100_000.0

  private func requireContours() throws(PointCloudError) {
    guard let statistics = outputs[.dtm]?.statistics, let lowest = statistics.lowest, let highest = statistics.highest
    else { return }
    let levels = (Double(highest) - Double(lowest)) / parameters.contourInterval
    guard levels > Self.contourLevelsMax else { return }
    throw PointCloudError(
      .limitExceeded,
      "heights from \(lowest) to \(highest) would take \(levels.rounded()) contours, and \(Int(Self.contourLevelsMax)) are drawn",
      remedy: "Leave out points that are no ground, or choose a greater 'contour_interval'.")
  }

  private func draw(_ product: RasterProduct, _ raster: String, threads: Int) throws(PointCloudError) {
    let drawn = try RasterInput(path: raster).values(sideMax: TerrainPicture.sideMax)
    let picture =
      product == .hillshade || product == .dsm
      ? TerrainPicture.draw(
        drawn.grid, cell: cell * drawn.cellsPerValue, heightFactor: heightFactor, threads: threads)
      : RasterPicture.draw(drawn.grid, threads: threads)
    try RasterFile.writePNG(picture, path: "\(folder)/\(prefix)\(product.rawValue).png")
  }

  /// The range of each map that was asked for, and the share of its cells that have a value.
  var summaries: [String: RasterSummary.MapSummary] {
    let asked = outputs.filter { parameters.products.contains($0.key) }
    return Dictionary(
      uniqueKeysWithValues: asked.map { product, output in
        let statistics = output.statistics
        return (
          product.rawValue,
          RasterSummary.MapSummary(
            lowest: statistics.lowest.map(Double.init), highest: statistics.highest.map(Double.init),
            coverage: Double(statistics.count) / Double(max(1, cells.columns * cells.rows)))
        )
      })
  }
}

extension RasterParameters {
  /// The maps that are made of points; the others are made of the terrain.
  var mapped: [RasterProduct] {
    let needsTerrain = products.contains { $0 == .dtm || $0.isOfTerrain }
    return RasterProduct.allCases.filter { product in
      product == .dtm ? needsTerrain : !product.isOfTerrain && products.contains(product)
    }
  }
}

extension RasterProduct {
  /// Whether it is made of the map of the bare earth.
  var isOfTerrain: Bool { self == .hillshade || self == .contours }
  fileprivate var hasPicture: Bool { self != .dtm && self != .contours }

  /// The files that it comes as.
  func fileNames(prefix: String) -> [String] {
    guard self != .contours else { return ["\(prefix)contours.geojson"] }
    return (self == .hillshade ? [] : ["\(prefix)\(rawValue).tif"]) + (hasPicture ? ["\(prefix)\(rawValue).png"] : [])
  }
}
