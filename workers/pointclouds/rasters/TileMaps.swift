import Numerics

/// Which points of a scan are ground, and how that is known.
struct MappedGround: Sendable {
  let ground: TiledGround
  /// `classified` or `find`.
  let source: RasterParameters.Ground

  /// A surface has three corners.
  static let pointsMin = 3

  /// - Parameter around: the tiles that maps are made of which are yet to be made.
  /// - Throws: `empty` where fewer than three points of the whole are ground; as `TiledGround`.
  init(
    _ tiles: SharedTiles, around: [Int], _ parameters: RasterParameters, heightFactor: Double, threads: Int,
    keepGoing: (Double) -> Bool
  ) throws(PointCloudError) {
    let scan = tiles.scan
    let isKnown = scan.groundCount >= Self.pointsMin
    if parameters.ground == .classified || parameters.ground == .auto && isKnown {
      source = .classified
      ground = try TiledGround(classified: around, of: scan, threads: threads, keepGoing: keepGoing)
    } else {
      source = .find
      ground = try TiledGround(
        finding: Set(tiles.own).union(around).sorted(), of: tiles, .simple(parameters.filter),
        heightFactor: heightFactor, threads: threads, keepGoing: keepGoing)
    }
    guard tiles.part != nil || ground.count >= Self.pointsMin else {
      throw PointCloudError(
        .empty, "\(ground.count) of the points are ground, which make no surface",
        remedy: source == .classified
          ? "Have ground found (`ground` = `find`), or classify it first."
          : "Check the parameters of the ground filter.")
    }
  }
}

/// Makes the maps of one tile after another. Noise (classes 7 and 18) does not count.
struct TileMaps: Sendable {
  let scan: TiledScan
  /// A class for each point, by which ground is told, instead of those in the file.
  var classes: ByteColumn?
  /// 0 for points that are gone; nil where all are left.
  var kept: ByteColumn?
  let parameters: RasterParameters
  let heightFactor: Double
  /// Those of points; hillshades and contours are made of a terrain.
  private let products: [RasterProduct]

  /// - Parameter parameters: with lengths in the unit of the coordinates.
  init(scan: TiledScan, states: PointStates? = nil, parameters: RasterParameters, heightFactor: Double) {
    (self.scan, self.parameters, self.heightFactor) = (scan, parameters, heightFactor)
    (classes, kept, products) = (states?.classes, states?.kept, parameters.mapped)
  }

  private var gapRadius: Int { Int((parameters.gap / scan.cell).rounded(.up)) }

  /// Cells around a tile of which maps are made too, for what its own depend on.
  private var margin: Int {
    let fillsGaps = gapRadius > 0 && products.contains { [.dsm, .chm, .intensity].contains($0) }
    let interpolates = needsGround && parameters.method == .idw
    return max(
      1, fillsGaps ? 2 * gapRadius + 16 : 0,
      interpolates ? TerrainModel.margin(closingRadius: parameters.filter.radius) : 0)
  }

  /// Whether it has to be known which points are ground.
  var needsGround: Bool { products.contains(where: \.needsGround) }

  /// Cells around a tile whose points its maps depend on.
  var reach: Int {
    let hasTriangles = needsGround && (parameters.method == .tin || products.contains(.chm))
    return margin + (hasTriangles ? ZoneSurface.cells(reach: parameters.reach, cell: scan.cell) : 0)
  }

  /// The tiles whose ground the maps of some tiles are made of.
  func groundTiles(for numbers: [Int]) -> [Int] {
    guard needsGround else { return [] }
    return scan.tiles(touching: numbers.map { scan.tiles[$0].cells.expanded(by: reach) })
  }

  /// What is found of a tile, as bytes: which maps there are, as bits in the order of all products, and their values.
  private func pass(_ name: TilePassName) -> TilePass<[RasterProduct: Grid<Float>]> {
    TilePass(
      name: name,
      encode: { (_, maps) in
        let there = RasterProduct.allCases.filter { maps[$0] != nil }
        var bytes: [UInt8] = []
        bytes.append(there.reduce(0 as UInt16) { $0 | $1.bit })
        for product in there { bytes.append(floats: maps[product]?.values ?? []) }
        return bytes
      },
      decode: { [products] (tile, bytes) throws(PointCloudError) in
        let bits = try bytes.number(UInt16.self)
        let there = products.filter { bits & $0.bit != 0 }
        guard there.reduce(0, { $0 | $1.bit }) == bits else { throw bytes.corrupt("maps that were not asked for") }
        var maps: [RasterProduct: Grid<Float>] = [:]
        for product in RasterProduct.allCases where there.contains(product) {
          let (columns, rows) = (tile.cells.columns, tile.cells.rows)
          maps[product] = Grid(columns: columns, rows: rows, values: try bytes.floats(columns * rows))
        }
        return maps
      })
  }

  /// Makes the maps of the tiles that a run answers for, and hands them to `consume` in their order.
  ///
  /// - Parameter name: of the pass.
  func make(
    _ name: TilePassName, _ tiles: SharedTiles, threads: Int, keepGoing: (Double) -> Bool,
    _ consume: (TiledScan.Tile, [RasterProduct: Grid<Float>]) throws(PointCloudError) -> Void
  ) throws(PointCloudError) {
    try tiles.forEachTile(
      tiles.own, pass(name), threads: threads, keepGoing: keepGoing,
      { (tile, threads, going) throws(PointCloudError) in try make(tile, threads: threads, keepGoing: going) }, consume)
  }

  /// A map of the tile's own cells for each product.
  func make(
    _ tile: TiledScan.Tile, threads: Int, keepGoing: (Double) -> Bool
  ) throws(PointCloudError) -> [RasterProduct: Grid<Float>] {
    let zone = try scan.load(tile, margin: margin, classes: classes, kept: kept)
    guard !zone.points.isEmpty || needsGround else {
      let none = Grid(columns: tile.cells.columns, rows: tile.cells.rows, repeating: Float(0))
      return products.contains(.density) ? [.density: none] : [:]
    }
    var maps: [RasterProduct: Grid<Float>] = [:]
    let counts = zone.points.map { !PointClass.isNoise($0.classification) }
    let cells = PointsInCells(zone.positions, zone.frame, counts: counts, threads: threads)
    if needsGround { try mapGround(zone, cells, threads, keepGoing, &maps) }
    if products.contains(.density) { maps[.density] = cells.density() }
    if products.contains(.dsm) {
      maps[.dsm] = cells.highest(zone.points.indices.map { Float(zone.positions.height($0)) })
    }
    if products.contains(.intensity) {
      maps[.intensity] = cells.means(zone.points.map { $0.returns.isFirst ? Float($0.intensity) : .nan })
    }
    for product in [RasterProduct.dsm, .chm, .intensity] {
      guard keepGoing(0.8) else { throw .cancelled }
      maps[product] = maps[product]?.withoutHoles(radius: gapRadius, threads: threads) { keepGoing(0.8) }
    }
    guard keepGoing(1) else { throw .cancelled }
    return maps.mapValues(zone.cropped)
  }

  /// The bare earth, and what is measured from it.
  private func mapGround(
    _ zone: TilePoints, _ cells: PointsInCells, _ threads: Int,
    _ keepGoing: (Double) -> Bool, _ maps: inout [RasterProduct: Grid<Float>]
  ) throws(PointCloudError) {
    let isTriangulated = parameters.method == .tin
    var heights: ZoneHeights?
    if isTriangulated || products.contains(.chm) {
      let surface = try ZoneSurface(scan, zone: zone, classes: classes, reach: parameters.reach)
      heights = try ZoneHeights(
        surface, cells, hasTerrain: isTriangulated, hasPoints: products.contains(.chm), threads: threads,
        keepGoing: { keepGoing(0.1) })
    }
    guard keepGoing(0.5) else { throw .cancelled }
    let dtm =
      isTriangulated
      ? heights?.terrain ?? Grid(columns: zone.frame.columns, rows: zone.frame.rows, repeating: .nan)
      : TerrainModel(
        zone.positions, zone.classification, closingRadius: parameters.filter.radius, threads: threads,
        keepGoing: { keepGoing(0.5) }
      ).heights
    guard keepGoing(0.6) else { throw .cancelled }
    if products.contains(.chm) {
      maps[.chm] = Grid(columns: dtm.columns, rows: dtm.rows, repeating: .nan)
    }
    // Without any bare earth there is nothing to measure heights from.
    if products.contains(.chm), let heights, heights.hasGround, dtm.values.contains(where: { !$0.isNaN }) {
      let filled = dtm.filled(keepGoing: { keepGoing(0.6) })
      maps[.chm] = cells.highest(heights.above(filled)).map { $0 < 0 ? 0 : $0 }
    }
    if products.contains(.slope) {
      maps[.slope] = dtm.slopeDegrees(cell: scan.cell, heightFactor: heightFactor, threads: threads)
    }
    if products.contains(.aspect) { maps[.aspect] = dtm.aspectDegrees(threads: threads) }
    if products.contains(.dtm) { maps[.dtm] = dtm }
  }
}

extension RasterProduct {
  /// One of its own.
  fileprivate var bit: UInt16 { 1 << UInt16(Self.allCases.firstIndex(of: self) ?? 0) }
}
