import Numerics

/// The surface of the triangles between points: the triangulated irregular network (TIN) of surveying.
///
/// It meets every point it is made of, and is the same whichever tile of a cloud it is made from, as far as the tile reaches
/// twice `reach` further: a triangle depends on nothing outside its circle. Of several points at one place the lowest counts.
public struct TriangulatedSurface: Sendable {
  private let lattice: LatticeFrame
  private let triangulation: Triangulation
  /// Of each corner, in the file's steps.
  private let heights: [Int32]
  private let scale: Double
  private let offset: Double
  /// In steps of the lattice, squared.
  private let reachSquared: Double
  private let hints: Hints

  /// - Parameters:
  ///   - cloud: its x and y are lengths.
  ///   - isPart: for each point, whether the surface goes through it.
  ///   - reach: the greatest radius of a triangle's circle, in the unit of x and y: there is no surface where no three points are
  ///     as near as that to a place.
  ///   - threads: the most threads to use, the caller's own among them.
  /// - Throws: `empty` without points; `unsupported` where the file's steps along x or y are 0; `cancelled`.
  /// - Complexity: O(n log n) time, about 220 bytes for each of n points while it is made and 80 after that.
  public init(
    _ cloud: PointCloud, isPart: [Bool], reach: Double, threads: Int = 1, keepGoing: () -> Bool = { true }
  ) throws(PointCloudError) {
    precondition(isPart.count == cloud.count)
    try self.init(
      Positions(cloud, threads: threads), isPart: isPart, reach: reach, threads: threads, keepGoing: keepGoing)
  }

  init(
    _ positions: Positions, isPart: [Bool], reach: Double, threads: Int, keepGoing: () -> Bool = { true }
  ) throws(PointCloudError) {
    lattice = try LatticeFrame(positions)
    let (points, heights) = Self.corners(positions, isPart, lattice, threads: threads)
    guard points.count <= Triangulation.pointsMax else {
      throw PointCloudError(
        .limitExceeded, "\(points.count) points of ground are more than the \(Triangulation.pointsMax) of a surface",
        remedy: "Split the file into tiles, or thin it.")
    }
    guard keepGoing() else { throw .cancelled }
    triangulation = Triangulation(points, threads: threads, keepGoing: keepGoing)
    guard keepGoing() else { throw .cancelled }
    self.heights = heights
    scale = positions.scale.z
    offset = positions.offset.z
    reachSquared = (reach / lattice.step) * (reach / lattice.step)
    hints = Hints(triangulation, last: lattice.last)
  }

  /// The places of the points, in order, each once, and their heights.
  private static func corners(
    _ positions: Positions, _ isPart: [Bool], _ lattice: LatticeFrame, threads: Int
  ) -> (points: [SIMD2<Int32>], heights: [Int32]) {
    let indices = isPart.indices.filter { isPart[$0] }
    let (xBits, yBits) = (
      Int64.bitWidth - lattice.last.x.leadingZeroBitCount, Int64.bitWidth - lattice.last.y.leadingZeroBitCount
    )
    let keys = parallelMap(indices.count, threads: threads) { index in
      let place = lattice.place(positions, indices[index])
      return UInt64(place.x) << UInt64(yBits) | UInt64(place.y)
    }
    let isUpsideDown = positions.scale.z < 0
    var (points, heights): ([SIMD2<Int32>], [Int32]) = ([], [])
    var before: UInt64?
    for place in RadixSort.order(of: keys, bits: xBits + yBits, threads: threads) {
      let (key, height) = (keys[Int(place)], positions.z[indices[Int(place)]])
      if key == before {
        let last = heights.count - 1
        heights[last] = isUpsideDown ? max(heights[last], height) : min(heights[last], height)
      } else {
        points.append(SIMD2(Int32(key >> UInt64(yBits)), Int32(key & (1 << UInt64(yBits) - 1))))
        heights.append(height)
        before = key
      }
    }
    return (points, heights)
  }

  /// The height at the place of the lattice that is nearest to coordinates, in the file's vertical unit; nil where there is
  /// no surface.
  public func height(_ plane: SIMD2<Double>) -> Double? { lattice.place(plane).flatMap(height) }

  /// The height of the surface above or below a point of the cloud.
  func height(of positions: Positions, _ index: Int) -> Double? { height(lattice.place(positions, index)) }

  private func height(_ place: SIMD2<Int32>) -> Double? {
    guard let start = hints.triangle(near: place), let found = triangulation.triangle(at: place, from: start) else {
      return nil
    }
    let corners = triangulation.triangles[Int(found)]
    let (a, b, c) = (point(corners.x), point(corners.y), point(corners.z))
    let weights = SIMD3(
      Triangulation.turn(b, c, place), Triangulation.turn(c, a, place), Triangulation.turn(a, b, place))
    // A place on a side belongs to both triangles, and has the same height from either.
    let beyond = triangulation.neighbours[Int(found)]
    let steps: Double?
    if weights.x == 0 {
      steps = along(corners.y, corners.z, place, found, beyond.y)
    } else if weights.y == 0 {
      steps = along(corners.z, corners.x, place, found, beyond.z)
    } else if weights.z == 0 {
      steps = along(corners.x, corners.y, place, found, beyond.x)
    } else if isWithinReach(found) {
      let heights = SIMD3(height(corners.x), height(corners.y), height(corners.z))
      steps = (SIMD3<Double>(weights) * heights).sum() / Double(weights.wrappedSum())
    } else {
      steps = nil
    }
    return steps.map { $0 * scale + offset }
  }

  private func point(_ corner: Int32) -> SIMD2<Int32> { triangulation.points[Int(corner)] }
  private func height(_ corner: Int32) -> Double { Double(heights[Int(corner)]) }

  /// The height on the side between two corners, or at one of them.
  private func along(_ u: Int32, _ v: Int32, _ place: SIMD2<Int32>, _ one: Int32, _ other: Int32) -> Double? {
    let (first, second) = (min(u, v), max(u, v))
    let (from, to) = (point(first), point(second))
    if place == from { return height(first) }
    if place == to { return height(second) }
    guard isWithinReach(one) || other >= 0 && isWithinReach(other) else { return nil }
    let (whole, part) = (SIMD2<Double>(to &- from), SIMD2<Double>(place &- from))
    let share = abs(whole.x) > abs(whole.y) ? part.x / whole.x : part.y / whole.y
    return height(first) + share * (height(second) - height(first))
  }

  private func isWithinReach(_ triangle: Int32) -> Bool {
    let corners = triangulation.triangles[Int(triangle)]
    let (a, b, c) = (point(corners.x), point(corners.y), point(corners.z))
    func square(_ a: SIMD2<Int32>, _ b: SIMD2<Int32>) -> Double {
      let side = SIMD2<Double>(a &- b)
      return (side * side).sum()
    }
    let doubled = Double(Triangulation.turn(a, b, c))
    return square(a, b) * square(b, c) * square(c, a) <= 4 * doubled * doubled * reachSquared
  }
}

/// Where a point that is no part of a surface would change it.
enum Influence {
  /// Within a circle.
  case circle(center: SIMD2<Double>, radius: Double)
  /// To the right of the way from one place to another.
  case beyond(from: SIMD2<Double>, to: SIMD2<Double>)
}

extension TriangulatedSurface {
  /// Whether it has no triangle, as of points on a line.
  var isEmpty: Bool { triangulation.triangles.isEmpty }

  /// Tells all places where further points would change the surface within a rectangle: the circles of the triangles that touch it,
  /// and what lies beyond the hull where that does not hold the whole of it.
  ///
  /// - Complexity: O(triangles).
  func influences(
    on zone: (low: SIMD2<Double>, high: SIMD2<Double>), _ body: (Influence) -> Void
  ) {
    let (low, high) = (lattice.steps(zone.low), lattice.steps(zone.high))
    let edges = [low, SIMD2(high.x, low.y), high, SIMD2(low.x, high.y)]
    for (index, corners) in triangulation.triangles.enumerated() {
      let (a, b, c) = (place(corners.x), place(corners.y), place(corners.z))
      let beyond = triangulation.neighbours[index]
      for (side, neighbour) in [((a, b), beyond.x), ((b, c), beyond.y), ((c, a), beyond.z)] where neighbour < 0 {
        let way = side.1 - side.0
        let isOutside = edges.contains { way.x * ($0.y - side.0.y) - way.y * ($0.x - side.0.x) < 0 }
        if isOutside { body(.beyond(from: lattice.plane(side.0), to: lattice.plane(side.1))) }
      }
      let (from, to) = (pointwiseMin(a, pointwiseMin(b, c)), pointwiseMax(a, pointwiseMax(b, c)))
      guard to.x >= low.x, to.y >= low.y, from.x <= high.x, from.y <= high.y else { continue }
      let circle = Self.circle(a, b, c)
      // A little more, for what was rounded.
      body(.circle(center: lattice.plane(circle.center), radius: (circle.radius * (1 + 1e-9) + 1) * lattice.step))
    }
  }

  private func place(_ corner: Int32) -> SIMD2<Double> { SIMD2<Double>(point(corner)) }

  /// The circle through the corners of a triangle; infinite where they lie on a line.
  private static func circle(
    _ a: SIMD2<Double>, _ b: SIMD2<Double>, _ c: SIMD2<Double>
  ) -> (center: SIMD2<Double>, radius: Double) {
    let (u, v) = (b - a, c - a)
    let doubled = 2 * (u.x * v.y - u.y * v.x)
    guard doubled != 0 else { return (a, .infinity) }
    let (p, q) = ((u * u).sum(), (v * v).sum())
    let center = SIMD2(v.y * p - u.y * q, u.x * q - v.x * p) / doubled
    return (a + center, (center * center).sum().squareRoot())
  }
}

/// A triangle near each place: where walks begin, which has no say in what they find.
private struct Hints: Sendable {
  private let columns: Int
  private let rows: Int
  private let cell: Double
  private var triangles: [Int32]

  init(_ triangulation: Triangulation, last: SIMD2<Int64>) {
    let count = triangulation.triangles.count
    let size = SIMD2<Double>(last) + 1
    // Two triangles for a cell, however long and narrow the cloud is.
    cell = max(1, (2 * size.x * size.y / Double(max(1, count))).squareRoot(), size.max() / Double(max(1, count)))
    columns = Int(size.x / cell) + 1
    rows = Int(size.y / cell) + 1
    triangles = Array(repeating: -1, count: count == 0 ? 0 : columns * rows)
    for (index, corners) in triangulation.triangles.enumerated() {
      triangles[place(triangulation.points[Int(corners.x)])] = Int32(index)
    }
    var nearest: Int32 = 0
    for index in triangles.indices {
      if triangles[index] < 0 { triangles[index] = nearest } else { nearest = triangles[index] }
    }
  }

  private func place(_ point: SIMD2<Int32>) -> Int {
    min(rows - 1, Int(Double(point.y) / cell)) * columns + min(columns - 1, Int(Double(point.x) / cell))
  }

  func triangle(near point: SIMD2<Int32>) -> Int32? { triangles.isEmpty ? nil : triangles[place(point)] }
}
