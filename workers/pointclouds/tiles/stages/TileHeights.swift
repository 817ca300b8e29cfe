import Numerics

/// How high the points of tiles stand above the triangles between ground points, whose circles may hold ground of other tiles.
struct TileHeights: Sendable {
  let scan: TiledScan
  let states: PointStates?
  /// The greatest radius of a triangle's circle, in the unit of x and y.
  let reach: Double

  /// - Returns: NaN for points that no triangle is below, and the bare earth in the tile's cells.
  func find(
    _ tile: TiledScan.Tile, threads: Int, _ going: (Double) -> Bool
  ) throws(PointCloudError) -> (rows: [Float], ground: TileColumns.TileGround) {
    let zone = try scan.load(tile, margin: 0, states)
    let surface = try ZoneSurface(scan, zone: zone, classes: states?.classes, reach: reach)
    let counts = [Bool](repeating: true, count: zone.points.count)
    let cells = PointsInCells(zone.positions, zone.frame, counts: counts, threads: threads)
    let heights = try ZoneHeights(
      surface, cells, hasTerrain: true, hasPoints: true, threads: threads, keepGoing: { going(0.5) })
    var corners = ScanCorners.none
    for point in zone.points { corners.add(SIMD3(point.x, point.y, point.z)) }
    return (
      heights.heights,
      TileColumns.TileGround(corners: corners, hasGround: heights.hasGround, terrain: heights.terrain.values)
    )
  }
}

/// The bare earth of a whole scan, from which the heights of points are measured that no triangle is below.
struct BareEarth {
  private let scan: TiledScan
  private var terrain: Grid<Float>
  private var corners = ScanCorners.none
  private var points = 0
  private var hasGround = false
  /// The tiles with such points.
  private var open: [Int] = []

  /// - Complexity: 4 bytes for each cell of the scan, and while it is filled up to 20.
  init(_ scan: TiledScan) {
    self.scan = scan
    terrain = Grid(columns: scan.cells.columns, rows: scan.cells.rows, repeating: .nan)
  }

  mutating func add(_ tile: TiledScan.Tile, _ ground: TileColumns.TileGround, _ rows: [Float]) {
    let place = tile.cells.low &- scan.cells.low
    for row in 0..<tile.cells.rows {
      let from = row * tile.cells.columns
      let to = (place.y + row) * terrain.columns + place.x
      terrain.values.replaceSubrange(
        to..<to + tile.cells.columns, with: ground.terrain[from..<from + tile.cells.columns])
    }
    corners.add(ground.corners)
    points += rows.count
    hasGround = hasGround || ground.hasGround
    if rows.contains(where: \.isNaN) { open.append(tile.number) }
  }

  /// Measures what is above no triangle from a map without gaps, between the centres of its cells.
  ///
  /// - Returns: what there is to tell of those points.
  /// - Throws: `empty` where there is no ground; `limitExceeded` where the map has too many cells for so few points.
  func complete(
    _ column: ByteColumn, _ stage: HeightAboveGroundStage, _ states: PointStates?, keepGoing: () -> Bool
  ) throws(PointCloudError) -> ColumnTally {
    guard hasGround else { throw HeightAboveGroundStage.noGround }
    let frame = try HeightAboveGroundStage.frame(
      scan.header.box(corners.low, corners.high), cell: scan.cell, points: points)
    guard !open.isEmpty else { return ColumnTally() }
    let filled = terrain.cropped(to: CellRectangle(frame), of: scan.cells).filled(keepGoing: keepGoing)
    var tally = ColumnTally()
    for number in open {
      guard keepGoing() else { throw .cancelled }
      let tile = scan.tiles[number]
      let zone = try scan.load(tile, margin: 0, states)
      let values = try scan.gathered(scan.read(tile, from: column), width: column.width, of: tile, states)
      var bytes: [UInt8] = []
      var measured: [Float] = []
      for (index, var height) in values.floats.enumerated() {
        if height.isNaN {
          let plane = zone.positions.plane(index)
          let place = frame.place(plane.x, plane.y)
          height = Float(zone.positions.height(index)) - filled.interpolated(place.column, place.row)
          measured.append(height)
        }
        bytes.append(height.bitPattern)
      }
      try scan.write(scan.spread(bytes, width: column.width, over: tile, states), of: tile, to: column)
      var found = stage.tally(measured[...])
      found.points = 0
      tally.add(found)
    }
    return tally
  }
}

extension [UInt8] {
  /// Little-endian numbers of 32 bits, one after another.
  fileprivate var floats: [Float] {
    unsafe withUnsafeBytes { bytes in
      (0..<count / 4).map { place in
        unsafe Float(bitPattern: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * place, as: UInt32.self)))
      }
    }
  }
}
