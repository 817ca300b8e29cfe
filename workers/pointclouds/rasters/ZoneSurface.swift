import Numerics

/// Makes the surface over a zone of a scan from no more of the ground around it than decides on it.
///
/// A triangle is one of the whole scan's if no point of it lies in the triangle's circle. So the surface is made of the ground in and near the
/// zone; where the circle of a triangle that touches the zone reaches farther, the ground in there is added, and the surface made again, until
/// all circles are known. Over dense ground that is a narrow rim, beside a lake its other shore.
struct ZoneSurface {
  let scan: TiledScan
  let zone: TilePoints
  /// The classes of all points.
  let classes: ByteColumn
  let reach: Double
  /// The cells within twice `reach` of the zone: no triangle whose circle's radius is within reach depends on more.
  private let region: CellRectangle

  /// How far from the zone ground counts from the beginning, in cells.
  private static let rim = 16
  /// What is known is kept for squares of so many cells.
  private static let coarseness = 4

  init(_ scan: TiledScan, zone: TilePoints, classes: ByteColumn, reach: Double) {
    (self.scan, self.zone, self.classes, self.reach) = (scan, zone, classes, reach)
    let cells = Int(min(1e9, (2 * reach / scan.cell).rounded(.up))) + 1
    region = zone.region.expanded(by: cells).intersection(scan.cells)
  }

  /// - Returns: nil where there is no ground within reach.
  func make(threads: Int, keepGoing: () -> Bool) throws(PointCloudError) -> TriangulatedSurface? {
    var known = KnownSquares(region, cell: scan.cell, side: Self.coarseness)
    known.add(zone.region.expanded(by: Self.rim).intersection(region))
    var points = zone.points
    var hasGround = points.contains { $0.classification == PointClass.ground }
    // Ground that was read of blocks that are known in part, and does not count yet.
    var rest: [StoredPoint] = []
    var unread = Set(scan.blocks(touching: region))
    while true {
      try read(known, from: &unread, into: &rest)
      let found = rest.filter { known.contains(scan.plane($0)) }
      hasGround = hasGround || !found.isEmpty
      points += found
      rest.removeAll { known.contains(scan.plane($0)) }
      guard keepGoing() else { throw .cancelled }
      var surface: TriangulatedSurface?
      let before = known.count
      if hasGround {
        let made = try TriangulatedSurface(
          Positions(points, scale: zone.positions.scale, offset: zone.positions.offset),
          isPart: points.map { $0.classification == PointClass.ground }, reach: reach, threads: threads,
          keepGoing: keepGoing)
        guard keepGoing() else { throw .cancelled }
        surface = made
        // Without triangles everything matters.
        if made.isEmpty { known.addAll() } else { made.influences(on: corners) { known.add($0) } }
      } else {
        known.addAll()
      }
      guard known.count > before, !(rest.isEmpty && unread.isEmpty) else { return surface }
    }
  }

  /// Reads the ground of blocks that have a known square.
  private func read(
    _ known: KnownSquares, from unread: inout Set<Int>, into rest: inout [StoredPoint]
  ) throws(PointCloudError) {
    for number in unread.sorted() where known.touches(scan.cells(ofBlock: number)) {
      unread.remove(number)
      for point in try scan.points(ofBlock: number, classes: classes)
      where point.classification == PointClass.ground {
        let cell = scan.cell(of: point)
        if region.contains(cell), !zone.region.contains(cell) { rest.append(point) }
      }
    }
  }

  private var corners: (low: SIMD2<Double>, high: SIMD2<Double>) {
    let (region, cell) = (zone.region, zone.cell)
    return ((SIMD2<Double>(region.low) - 0.5) * cell, (SIMD2<Double>(region.high) - 0.5) * cell)
  }
}

/// Which squares of a region are wholly known.
private struct KnownSquares {
  private let low: SIMD2<Double>
  private let side: Double
  private let columns: Int
  private let rows: Int
  private var isKnown: [Bool]
  private(set) var count = 0

  private let cells: CellRectangle
  private let coarseness: Int

  init(_ region: CellRectangle, cell: Double, side: Int) {
    low = (SIMD2<Double>(region.low) - 0.5) * cell
    self.side = Double(side) * cell
    columns = (region.columns + side - 1) / side
    rows = (region.rows + side - 1) / side
    cells = region
    coarseness = side
    isKnown = Array(repeating: false, count: columns * rows)
  }

  func contains(_ plane: SIMD2<Double>) -> Bool {
    let place = ((plane - low) / side).rounded(.down)
    let (column, row) = (Int(min(max(place.x, 0), Double(columns - 1))), Int(min(max(place.y, 0), Double(rows - 1))))
    return isKnown[row * columns + column]
  }

  private mutating func add(_ columnRange: ClosedRange<Int>, row: Int) {
    for column in columnRange where !isKnown[row * columns + column] {
      isKnown[row * columns + column] = true
      count += 1
    }
  }

  /// Adds the squares that have cells of a rectangle.
  mutating func add(_ rectangle: CellRectangle) {
    guard !rectangle.isEmpty else { return }
    let (from, to) = ((rectangle.low &- cells.low) / coarseness, (rectangle.high &- 1 &- cells.low) / coarseness)
    for row in from.y...to.y { add(from.x...to.x, row: row) }
  }

  /// Adds the squares that reach into an influence.
  mutating func add(_ influence: Influence) {
    switch influence {
    case .circle(let center, let radius): addCircle(center, radius)
    case .beyond(let from, let to): addBeyond(from, to)
    }
  }

  private func index(_ value: Double, _ count: Int) -> Int { Int(min(max(value.rounded(.down), 0), Double(count - 1))) }

  private mutating func addCircle(_ center: SIMD2<Double>, _ radius: Double) {
    // Circles beyond measure are those of needles along the hull, whose outside counts anyway.
    let (center, radius) = ((center - low) / side, radius / side)
    guard center.x.isFinite, center.y.isFinite, radius.isFinite else { return addAll() }
    guard center.y + radius >= 0, center.y - radius <= Double(rows) else { return }
    for row in index(center.y - radius, rows)...index(center.y + radius, rows) {
      // The row of squares is nearest to the centre here.
      let nearest = min(max(center.y, Double(row)), Double(row + 1)) - center.y
      let half = max(0, radius * radius - nearest * nearest).squareRoot()
      guard center.x + half >= 0, center.x - half <= Double(columns) else { continue }
      add(index(center.x - half, columns)...index(center.x + half, columns), row: row)
    }
  }

  mutating func addAll() { for row in 0..<rows { add(0...columns - 1, row: row) } }

  /// Whether a square that has cells of a rectangle is known.
  func touches(_ rectangle: CellRectangle) -> Bool {
    let rectangle = rectangle.intersection(cells)
    guard !rectangle.isEmpty else { return false }
    let (from, to) = ((rectangle.low &- cells.low) / coarseness, (rectangle.high &- 1 &- cells.low) / coarseness)
    return (from.y...to.y).contains { row in
      isKnown[row * columns + from.x...row * columns + to.x].contains(true)
    }
  }

  /// Squares with a corner to the right of a way.
  private mutating func addBeyond(_ from: SIMD2<Double>, _ to: SIMD2<Double>) {
    let (start, way) = ((from - low) / side, to - from)
    for row in 0..<rows {
      for column in 0..<columns where !isKnown[row * columns + column] {
        let corner = SIMD2(Double(way.y > 0 ? column + 1 : column), Double(way.x > 0 ? row : row + 1)) - start
        if way.x * corner.y - way.y * corner.x <= 0 { add(column...column, row: row) }
      }
    }
  }
}
