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

extension TriangulatedSurface {
  /// Whether points outside of `seen`, which this surface does not know, could not change it within `zone`: every triangle there
  /// has its circle within `seen`, and triangles cover all of the zone.
  ///
  /// - Parameter seen: infinite where there are no points farther on.
  /// - Complexity: O(triangles).
  func isSettled(
    in zone: (low: SIMD2<Double>, high: SIMD2<Double>), seen: (low: SIMD2<Double>, high: SIMD2<Double>)
  ) -> Bool {
    let corners = [zone.low, zone.high, SIMD2(zone.low.x, zone.high.y), SIMD2(zone.high.x, zone.low.y)]
    // A hull is convex: it has all of a rectangle where it has its corners.
    let isCovered = corners.allSatisfy { corner in
      guard let place = lattice.place(corner), let start = hints.triangle(near: place) else { return false }
      return triangulation.triangle(at: place, from: start) != nil
    }
    guard isCovered else { return false }
    let (low, high) = (lattice.steps(zone.low), lattice.steps(zone.high))
    let (least, most) = (lattice.steps(seen.low), lattice.steps(seen.high))
    return triangulation.triangles.allSatisfy { corners in
      let (a, b, c) = (point(corners.x), point(corners.y), point(corners.z))
      let (from, to) = (pointwiseMin(a, pointwiseMin(b, c)), pointwiseMax(a, pointwiseMax(b, c)))
      guard Double(to.x) >= low.x, Double(to.y) >= low.y, Double(from.x) <= high.x, Double(from.y) <= high.y else {
        return true
      }
      let circle = Self.circle(SIMD2<Double>(a), SIMD2<Double>(b), SIMD2<Double>(c))
      // A little more, for what was rounded.
      let radius = circle.radius * (1 + 1e-9) + 1
      let (first, last) = (circle.center - radius, circle.center + radius)
      return first.x >= least.x && first.y >= least.y && last.x <= most.x && last.y <= most.y
    }
  }

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
