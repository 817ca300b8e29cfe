import Numerics

/// Makes the surface over a zone of a scan from no more of the ground around it than decides on it.
///
/// A triangle is one of the whole scan's if no point of it lies in the triangle's circle. So the surface is made of the ground in and near the
/// zone; where the circle of a triangle that touches the zone reaches farther, the ground in there is added, and the surface made again, until
/// all circles are known. Over dense ground that is a narrow rim, beside a lake its other shore.
struct ZoneSurface {
  let zone: TilePoints
  /// What lies within twice `reach` of the zone: no triangle whose circle's radius is within reach depends on more.
  let around: TilePoints
  let reach: Double

  /// How far from the zone ground counts from the beginning, in cells.
  private static let rim = 16
  /// What is known is kept for squares of so many cells.
  private static let coarseness = 4

  func make(threads: Int, keepGoing: () -> Bool) throws(PointCloudError) -> TriangulatedSurface {
    let region = around.region
    var known = KnownSquares(region, cell: around.cell, side: Self.coarseness)
    known.add(zone.region.expanded(by: Self.rim).intersection(region))
    var rest = around.points.indices.filter { index in
      around.points[index].classification == PointClass.ground && !zone.region.contains(cell(index))
    }
    var points = zone.points
    while true {
      let isKnown = rest.map { known.contains(around.positions.plane($0)) }
      points += zip(rest, isKnown).lazy.filter(\.1).map { around.points[$0.0] }
      rest = zip(rest, isKnown).filter { !$0.1 }.map(\.0)
      let surface = try TriangulatedSurface(
        Positions(points, scale: zone.positions.scale, offset: zone.positions.offset),
        isPart: points.map { $0.classification == PointClass.ground }, reach: reach, threads: threads,
        keepGoing: keepGoing)
      guard keepGoing() else { throw .cancelled }
      guard !rest.isEmpty else { return surface }
      let before = known.count
      surface.influences(on: corners) { known.add($0) }
      guard known.count > before, rest.contains(where: { known.contains(around.positions.plane($0)) }) else {
        return surface
      }
    }
  }

  private func cell(_ index: Int) -> SIMD2<Int> {
    let cell = (around.positions.plane(index) / around.cell).rounded(.toNearestOrAwayFromZero)
    return SIMD2(Int(cell.x), Int(cell.y))
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

  init(_ region: CellRectangle, cell: Double, side: Int) {
    low = (SIMD2<Double>(region.low) - 0.5) * cell
    self.side = Double(side) * cell
    columns = (region.columns + side - 1) / side
    rows = (region.rows + side - 1) / side
    cells = region
    coarseness = side
    isKnown = Array(repeating: false, count: columns * rows)
  }

  private let cells: CellRectangle
  private let coarseness: Int

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

  private mutating func addAll() { for row in 0..<rows { add(0...columns - 1, row: row) } }

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
