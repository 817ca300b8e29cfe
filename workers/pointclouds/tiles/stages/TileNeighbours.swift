import Numerics

/// Says of the points of tiles what follows from their nearest neighbours, wherever those lie.
///
/// They are looked for in the tile and a rim around it. Where as many as are wanted are not found nearer than the border of that, as beside a lake, they are
/// looked for once more, block by block, as far as the best ones known lie.
struct TileNeighbours: Sendable {
  let scan: TiledScan
  let states: PointStates?
  let stage: any NeighbourStage
  /// From which places are counted, in whatever tile.
  let origin: SIMD3<Double>
  let heightFactor: Double

  /// The rim, in the mean radius of as many points as are wanted.
  private static let rimRadii = 3.0
  /// What is around a tile has at most about as many points as the tile.
  private static let rimShareMax = 0.25

  /// - Returns: the rows of the tile's own points that are left.
  func rows(
    _ tile: TiledScan.Tile, threads: Int, _ going: (Double) -> Bool
  ) throws(PointCloudError) -> [Float] {
    let left = try scan.leftCount(tile, states)
    guard left > 0 else { return [] }
    let zone = try scan.load(tile, margin: margin(tile, left), states)
    // Of neighbours at equal distances the first of the file counts.
    let order = zone.inOrder(threads: threads)
    let tree = KDTree(try places(order.map { zone.points[Int($0)] }), origin: origin, threads: threads)
    let (own, k) = (zone.ownCount, stage.neighbours)
    let rows = SharedColumn(repeating: Float(0), count: own * stage.columns.count)
    // Of points whose neighbours are not known yet, the square of the distance that they lie within; else -1.
    let limits = SharedColumn(repeating: -1.0, count: own)
    let border = ZoneBorder(zone, of: scan)
    let isWhole = tree.forEachNeighbourhood(
      k: k, isSorted: true, threads: threads, keepGoing: { going(0.5) }
    ) { found in
      let place = Int(order[found.point])
      guard place < own else { return }
      let reach = found.count < k ? .infinity : found.squaredDistance(found.count - 1)
      if border.holds(reach, around: zone.positions.plane(place)) {
        stage.measure(found, into: rows, row: place)
      } else {
        limits[place] = reach
      }
    }
    guard isWhole else { throw .cancelled }
    let open = (0..<own).filter { limits[$0] >= 0 }
    for start in stride(from: 0, to: open.count, by: FarNeighbours.pointsMax) {
      let some = open[start..<min(open.count, start + FarNeighbours.pointsMax)]
      var far = FarNeighbours(self, some.map { (zone.points[$0], limits[$0]) })
      try far.search { going(0.8) }
      try far.measure(into: rows, rows: Array(some))
    }
    return rows.values
  }

  /// How many cells around a tile, of whose points so many are left.
  private func margin(_ tile: TiledScan.Tile, _ left: Int) -> Int {
    let (columns, rows) = (Double(tile.cells.columns), Double(tile.cells.rows))
    let radius = (Double(stage.neighbours) * columns * rows / (.pi * Double(left))).squareRoot()
    return max(1, Int(min(Self.rimRadii * radius, Self.rimShareMax * min(columns, rows)).rounded(.up)))
  }

  /// Where points lie, as distances are measured.
  func places(_ points: [StoredPoint]) throws(PointCloudError) -> Coordinates {
    let (scale, offset) = (scan.header.scale, scan.header.offset)
    return try Coordinates.checked(
      x: points.map { Double($0.x) * scale.x + offset.x }, y: points.map { Double($0.y) * scale.y + offset.y },
      z: points.map {
        let height = Double($0.z) * scale.z + offset.z
        return heightFactor == 1 ? height : height * heightFactor
      })
  }
}

/// Up to where all points of a scan are at hand.
private struct ZoneBorder {
  private let low: SIMD2<Double>
  private let high: SIMD2<Double>

  init(_ zone: TilePoints, of scan: TiledScan) {
    let (region, cells) = (zone.region, scan.cells)
    let (from, to) = region.sides(cell: scan.cell, shrunk: 1)
    low = SIMD2(region.low.x == cells.low.x ? -.infinity : from.x, region.low.y == cells.low.y ? -.infinity : from.y)
    high = SIMD2(region.high.x == cells.high.x ? .infinity : to.x, region.high.y == cells.high.y ? .infinity : to.y)
  }

  /// Whether all points are, as near to a place as that.
  func holds(_ squaredDistance: Double, around place: SIMD2<Double>) -> Bool {
    let room = min(place.x - low.x, place.y - low.y, high.x - place.x, high.y - place.y)
    return room == .infinity || room > 0 && squaredDistance < room * room * (1 - 0x1p-40)
  }
}

extension CellRectangle {
  /// Between which coordinates the points of these cells lie, smaller (1) or larger (-1) by more than rounding can be.
  fileprivate func sides(cell: Double, shrunk: Double) -> (low: SIMD2<Double>, high: SIMD2<Double>) {
    let (from, to) = (SIMD2(Double(low.x), Double(low.y)) - 0.5, SIMD2(Double(high.x), Double(high.y)) - 0.5)
    let farthest = max(abs(from.x), abs(from.y), abs(to.x), abs(to.y))
    let slack = shrunk * (0x1p-10 + 0x1p-48 * farthest)
    return ((from + slack) * cell, (to - slack) * cell)
  }
}

/// Finds the neighbours of a few points among all of a scan, of which it reads as many blocks as it must, one after another.
struct FarNeighbours {
  /// The most that are looked for together.
  static let pointsMax = 1_024

  private let work: TileNeighbours
  private let middles: [StoredPoint]
  private let places: [SIMD3<Double>]
  /// As blocks are told by: without the origin taken off.
  private let planes: [SIMD2<Double>]
  private var limits: [Double]
  private var found: [[Candidate]]

  /// With how many times as many candidates as are wanted the nearest are told from the rest.
  private static let roomFactor = 4

  private struct Candidate {
    let square: Double
    let point: StoredPoint
  }

  /// Room for rounding, where one distance is compared with another.
  private static let rounding = 1 + 0x1p-40

  /// - Parameter points: each with the square of a distance within which it has as many neighbours as are wanted.
  init(_ work: TileNeighbours, _ points: [(point: StoredPoint, limit: Double)]) {
    self.work = work
    middles = points.map(\.point)
    places = points.map { work.place($0.point) }
    planes = points.map { work.scan.plane($0.point) }
    limits = points.map { $0.limit * Self.rounding }
    found = points.map { _ in [] }
  }

  /// - Complexity: O(points × points in the blocks that are near enough to them, heights among it); memory for one block, and four times as many points as are wanted
  ///   for each.
  mutating func search(keepGoing: () -> Bool) throws(PointCloudError) {
    guard let first = planes.first else { return }
    var (low, high) = (first, first)
    for place in planes { (low, high) = (pointwiseMin(low, place), pointwiseMax(high, place)) }
    let scan = work.scan
    let boxes = (0..<scan.blockCount).map { BlockBox($0, work) }
    let gaps = boxes.map { $0.squaredGap(low, high) }
    for number in boxes.indices.sorted(by: { (gaps[$0], $0) < (gaps[$1], $1) }) {
      guard gaps[number] <= limits.max() ?? 0 else { break }
      let near = places.indices.filter { index in
        boxes[number].squaredGap(planes[index], planes[index], height: places[index].z) <= limits[index]
      }
      guard !near.isEmpty else { continue }
      guard keepGoing() else { throw .cancelled }
      let block = try scan.points(ofBlock: number, classes: nil, kept: work.states?.kept)
      for point in block {
        let place = work.place(point)
        for query in near {
          // As the tree counts it, to the last bit: so the same are told to be the nearest.
          let way = place - places[query]
          let square = way.x * way.x + way.y * way.y + way.z * way.z
          if square <= limits[query] { take(Candidate(square: square, point: point), for: query) }
        }
      }
    }
  }

  private mutating func take(_ candidate: Candidate, for query: Int) {
    found[query].append(candidate)
    let wanted = work.stage.neighbours
    guard found[query].count >= Self.roomFactor * wanted else { return }
    // Of those as far away as each other the first of the file count, as in the tree.
    found[query].sort { ($0.square, $0.point.index) < ($1.square, $1.point.index) }
    limits[query] = min(limits[query], found[query][wanted - 1].square * Self.rounding)
    found[query].removeLast(found[query].count - wanted)
  }

  /// Writes what the stage says of the points, of which all neighbours are among those that were found.
  ///
  /// - Parameter numbers: whose rows they are.
  func measure(into rows: SharedColumn<Float>, rows numbers: [Int]) throws(PointCloudError) {
    var known: [UInt32: StoredPoint] = [:]
    for candidate in found.joined() { known[candidate.point.index] = candidate.point }
    let near = known.values.sorted { $0.index < $1.index }
    let tree = KDTree(try work.places(near), origin: work.origin)
    tree.forEachNeighbourhood(around: try work.places(middles), k: work.stage.neighbours) { found in
      work.stage.measure(found, into: rows, row: numbers[found.point])
    }
  }
}

/// What the points of a block lie within.
private struct BlockBox {
  private let low: SIMD2<Double>
  private let high: SIMD2<Double>
  private let lowest: Double
  private let highest: Double

  init(_ number: Int, _ work: TileNeighbours) {
    (low, high) = work.scan.cells(ofBlock: number).sides(cell: work.scan.cell, shrunk: -1)
    let steps = work.scan.heights(ofBlock: number)
    let (one, other) = (work.height(steps.lowerBound), work.height(steps.upperBound))
    (lowest, highest) = (min(one, other), max(one, other))
  }

  /// The square of the distance to what lies between two corners in the plane, or to a place at that height.
  func squaredGap(_ low: SIMD2<Double>, _ high: SIMD2<Double>, height: Double? = nil) -> Double {
    let x = max(0, self.low.x - high.x, low.x - self.high.x)
    let y = max(0, self.low.y - high.y, low.y - self.high.y)
    let z = height.map { max(0, lowest - $0, $0 - highest) } ?? 0
    return x * x + y * y + z * z
  }
}

extension TileNeighbours {
  /// Where a point is in the trees of tiles.
  fileprivate func place(_ point: StoredPoint) -> SIMD3<Double> {
    let plane = scan.plane(point)
    return SIMD3(plane.x - origin.x, plane.y - origin.y, height(point.z))
  }

  /// A height in the trees of tiles.
  fileprivate func height(_ step: Int32) -> Double {
    (Double(step) * scan.header.scale.z + scan.header.offset.z) * heightFactor - origin.z
  }
}
