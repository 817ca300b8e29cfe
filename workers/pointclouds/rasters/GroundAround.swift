import Numerics

/// The ground in a zone, and that around it, which is read block by block as far as it is asked for; sorted into squares.
struct GroundAround: Sendable {
  private let scan: TiledScan
  private let classes: ByteColumn?
  private let zone: CellRectangle
  /// The cells that count.
  let region: CellRectangle
  private let lattice: LatticeFrame

  /// The blocks of the region, and which of them were read.
  private let blocks: CellRectangle
  private var isRead: [Bool]
  private var points: [GroundPlace] = []
  /// The point that was sorted into the same square before; -1 of the first.
  private var before: [Int32] = []
  /// The last point of each square; -1 where there is none.
  private var latest: [Int32]
  private let columns: Int
  private let rows: Int
  /// The first cell of the first square.
  private let first: SIMD2<Int>
  /// Of the squares, in steps of the lattice.
  private let low: SIMD2<Double>
  private let side: Double

  /// Cells along the side of a square, which lies in one block; a power of two, as the sides of those are.
  private let coarseness: Int
  private static let coarsenessMax = 4

  /// - Parameter region: the cells whose points count, those of the zone among them.
  init(_ scan: TiledScan, zone: TilePoints, classes: ByteColumn?, region: CellRectangle, lattice: LatticeFrame) {
    (self.scan, self.classes, self.region, self.lattice) = (scan, classes, region, lattice)
    self.zone = zone.region
    blocks = scan.blockPlaces(touching: region)
    isRead = Array(repeating: false, count: blocks.columns * blocks.rows)
    coarseness = min(Self.coarsenessMax, scan.blockSide)
    let squares = region.divided(by: coarseness)
    (columns, rows, first) = (squares.columns, squares.rows, squares.low &* coarseness)
    latest = Array(repeating: -1, count: columns * rows)
    low = lattice.steps((SIMD2<Double>(first) - 0.5) * scan.cell)
    side = Double(coarseness) * scan.cell / lattice.step
    let isGround = zone.points.indices.filter { zone.points[$0].classification == PointClass.ground }
    let keys = isGround.map { UInt64(square(of: scan.cell(of: zone.points[$0]))) }
    points.reserveCapacity(keys.count)
    before.reserveCapacity(keys.count)
    // Those of a square together, as they are asked for together.
    for place in RadixSort.order(of: keys, bits: UInt64.bitWidth - latest.count.leadingZeroBitCount, threads: 1) {
      let index = isGround[Int(place)]
      add(zone.points[index], to: Int(keys[Int(place)]), index: Int32(truncatingIfNeeded: index))
    }
  }

  /// How many points are known.
  var count: Int { points.count }

  /// All ground in a box.
  mutating func points(in box: PlaneBox) throws(PointCloudError) -> [GroundPlace] {
    let (from, to) = squares(box.low, box.high)
    var found: [GroundPlace] = []
    for row in from.y...to.y {
      for column in from.x...to.x {
        try read(column, row)
        var next = latest[row * columns + column]
        while next >= 0 {
          let point = points[Int(next)]
          if box.contains(SIMD2(Double(point.place.x), Double(point.place.y))) { found.append(point) }
          next = before[Int(next)]
        }
      }
    }
    return found
  }

  /// A point that would change a triangle, of those near it one of the nearest; nil where there is none.
  ///
  /// - Parameter known: whose points are all among the triangles' corners.
  /// - Complexity: O(squares that the circle touches), where none is found.
  mutating func point(
    within triangle: Int32, of triangles: borrowing GrowingTriangulation, beyond known: PlaneBox
  ) throws(PointCloudError) -> GroundPlace? {
    let reach = triangles.reach(of: triangle)
    let start = triangles.middle(of: triangle)
    let center = square(start)
    let bounds = bounds(of: reach)
    let inner = squares(inside: known)
    var best: (distance: Double, point: GroundPlace)?
    var ring = 0
    // Squares of a ring are at least so far from where the search begins.
    while best.map({ Double(ring - 1) * side < $0.distance }) ?? true {
      let (from, to) = (center &- ring, center &+ ring)
      // Of the rows between the first and the last one only the ends belong to the ring.
      let hasEnds = from.x >= bounds.low.x || to.x <= bounds.high.x
      for row in stride(from: from.y, through: to.y, by: hasEnds || ring == 0 ? 1 : 2 * ring)
      where row >= bounds.low.y && row <= bounds.high.y {
        let isWhole = row == from.y || row == to.y
        let (first, last) = isWhole ? (max(from.x, bounds.low.x), min(to.x, bounds.high.x)) : (from.x, to.x)
        for column in stride(from: first, through: last, by: isWhole ? 1 : 2 * ring)
        where column >= bounds.low.x && column <= bounds.high.x && !inner.contains(SIMD2(column, row)) {
          try look(column, row, within: reach, of: triangle, triangles, beyond: known, from: start, &best)
        }
      }
      if from.x <= bounds.low.x, from.y <= bounds.low.y, to.x >= bounds.high.x, to.y >= bounds.high.y { break }
      ring += 1
    }
    return try best.map { (_, point) throws(PointCloudError) in try lowest(at: point) }
  }

  /// Takes a point of a square that is nearer than the best one, and would change a triangle.
  private mutating func look(
    _ column: Int, _ row: Int, within reach: TriangleReach, of triangle: Int32,
    _ triangles: borrowing GrowingTriangulation, beyond known: PlaneBox, from start: SIMD2<Double>,
    _ best: inout (distance: Double, point: GroundPlace)?
  ) throws(PointCloudError) {
    // Of many squares it is known that they have no point.
    guard latest[row * columns + column] >= 0 || !isRead[block(column, row).index], touches(column, row, reach) else {
      return
    }
    try read(column, row)
    var next = latest[row * columns + column]
    while next >= 0 {
      let point = points[Int(next)]
      let place = SIMD2(Double(point.place.x), Double(point.place.y))
      let way = place - start
      let distance = (way * way).sum().squareRoot()
      if distance < best?.distance ?? .infinity, !known.contains(place),
        triangles.isWithin(point.place, reachOf: triangle)
      {
        best = (distance, point)
      }
      next = before[Int(next)]
    }
  }

  /// Of the points at one place the one that counts.
  private mutating func lowest(at point: GroundPlace) throws(PointCloudError) -> GroundPlace {
    var result = point
    let place = SIMD2(Double(point.place.x), Double(point.place.y))
    let (from, to) = squares(place, place)
    for row in from.y...to.y {
      for column in from.x...to.x {
        try read(column, row)
        var next = latest[row * columns + column]
        while next >= 0 {
          let (place, height) = (points[Int(next)].place, points[Int(next)].height)
          if place == point.place {
            result.height = scan.header.scale.z < 0 ? max(result.height, height) : min(result.height, height)
          }
          next = before[Int(next)]
        }
      }
    }
    return result
  }

  // MARK: Squares

  private func square(_ place: SIMD2<Double>) -> SIMD2<Int> {
    let steps = ((place - low) / side).rounded(.down)
    return SIMD2(
      Int(min(max(steps.x, 0), Double(columns - 1))), Int(min(max(steps.y, 0), Double(rows - 1))))
  }

  /// The squares whose points may have their places between two, as places of the lattice are rounded.
  private func squares(_ low: SIMD2<Double>, _ high: SIMD2<Double>) -> (low: SIMD2<Int>, high: SIMD2<Int>) {
    (square(low - 1), square(high + 1))
  }

  /// The squares whose points all have their places in a box.
  private func squares(inside box: PlaneBox) -> CellRectangle {
    CellRectangle(low: square(box.low + 1) &+ 1, high: square(box.high - 1))
  }

  /// The squares that a reach may touch.
  private func bounds(of reach: TriangleReach) -> (low: SIMD2<Int>, high: SIMD2<Int>) {
    switch reach {
    case .circle(let center, let radius): return squares(center - radius, center + radius)
    case .beyond(let one, let other):
      // What is left of the box around all places.
      let end = lattice.extent
      let corners = [SIMD2.zero, SIMD2(end.x, 0), end, SIMD2(0, end.y)]
      let way = other - one
      func side(_ place: SIMD2<Double>) -> Double { way.x * (place.y - one.y) - way.y * (place.x - one.x) }
      var (low, high) = (pointwiseMin(one, other), pointwiseMax(one, other))
      for (corner, next) in zip(corners, corners[1...] + corners[..<1]) {
        let (here, there) = (side(corner), side(next))
        if here >= 0 { (low, high) = (pointwiseMin(low, corner), pointwiseMax(high, corner)) }
        if (here < 0) != (there < 0) {
          let cut = corner + (next - corner) * (here / (here - there))
          (low, high) = (pointwiseMin(low, cut), pointwiseMax(high, cut))
        }
      }
      return squares(low, high)
    }
  }

  private func touches(_ column: Int, _ row: Int, _ reach: TriangleReach) -> Bool {
    // A step more on all sides.
    let from = SIMD2(Double(column), Double(row)) * side + low - 1
    let to = from + side + 2
    switch reach {
    case .circle(let center, let radius):
      let way = pointwiseMin(pointwiseMax(center, from), to) - center
      return (way * way).sum() <= radius * radius
    case .beyond(let one, let other):
      let way = other - one
      let corner = SIMD2(way.y > 0 ? from.x : to.x, way.x > 0 ? to.y : from.y) - one
      return way.x * corner.y - way.y * corner.x >= 0
    }
  }

  // MARK: Blocks

  /// Reads the block that a square lies in.
  private mutating func read(_ column: Int, _ row: Int) throws(PointCloudError) {
    let (place, index) = block(column, row)
    guard !isRead[index] else { return }
    isRead[index] = true
    guard let number = scan.block(at: place), !zone.contains(scan.cells(ofBlock: number)) else { return }
    for point in try scan.points(ofBlock: number, classes: classes) where point.classification == PointClass.ground {
      let cell = scan.cell(of: point)
      if region.contains(cell), !zone.contains(cell) { add(point, to: square(of: cell), index: -1) }
    }
  }

  private func block(_ column: Int, _ row: Int) -> (place: SIMD2<Int>, index: Int) {
    let place = scan.block(of: first &+ SIMD2(column, row) &* coarseness)
    return (place, (place.y - blocks.low.y) * blocks.columns + place.x - blocks.low.x)
  }

  /// The number of the square that has a cell.
  private func square(of cell: SIMD2<Int>) -> Int {
    let square = (cell &- first) / coarseness
    return square.y * columns + square.x
  }

  private mutating func add(_ point: StoredPoint, to square: Int, index: Int32) {
    before.append(latest[square])
    latest[square] = Int32(truncatingIfNeeded: points.count)
    points.append(GroundPlace(place: lattice.place(point.x, point.y), height: point.z, index: index))
  }
}
