import Numerics

/// The surface of the triangles between points: the triangulated irregular network (TIN) of surveying.
///
/// It meets every point it is made of, and is the same whichever tile of a cloud it is made from, as far as the tile reaches
/// twice `reach` further: a triangle depends on nothing outside its circle. Of several points at one place the lowest counts.
public struct TriangulatedSurface: Sendable {
  private let lattice: LatticeFrame
  private let net: TriangleNet
  /// Of each corner, in the file's steps.
  private let heights: [Int32]
  /// Of each of the points that it was made of, which corner it is; -1 of others.
  private let corners: [Int32]
  private let scale: Double
  private let offset: Double
  /// In steps of the lattice, squared.
  private let reachSquared: Double

  /// - Parameters:
  ///   - cloud: its x and y are lengths.
  ///   - isPart: for each point, whether the surface goes through it.
  ///   - reach: the greatest radius of a triangle's circle, in the unit of x and y: there is no surface where no three points are
  ///     as near as that to a place.
  ///   - threads: the most threads to take coordinates out of the cloud with; the triangles are made by the caller's own.
  /// - Throws: `empty` without points; `unsupported` where the file's steps along x or y are 0; `limitExceeded`; `cancelled`.
  /// - Complexity: O(n log n) time, about 130 bytes for each of n points while it is made and 90 after that.
  public init(
    _ cloud: PointCloud, isPart: [Bool], reach: Double, threads: Int = 1, keepGoing: () -> Bool = { true }
  ) throws(PointCloudError) {
    precondition(isPart.count == cloud.count)
    try self.init(Positions(cloud, threads: threads), isPart: isPart, reach: reach, keepGoing: keepGoing)
  }

  /// - Parameter lattice: that of the scan which the positions are a part of; nil for their own.
  init(
    _ positions: Positions, isPart: [Bool], reach: Double, on lattice: LatticeFrame? = nil,
    keepGoing: () -> Bool = { true }
  ) throws(PointCloudError) {
    let lattice = if let lattice { lattice } else { try LatticeFrame(positions) }
    let points = positions.x.indices.filter { isPart[$0] }.map {
      GroundPlace(
        place: lattice.place(positions.x[$0], positions.y[$0]), height: positions.z[$0],
        index: Int32(truncatingIfNeeded: $0))
    }
    let growing = try GrowingSurface.make(points, isUpsideDown: positions.scale.z < 0, keepGoing: keepGoing)
    var corners = [Int32](repeating: -1, count: positions.count)
    for (point, corner) in zip(points, growing.corners) { corners[Int(point.index)] = corner }
    self.init(growing.finish(), corners, positions, lattice, reach: reach)
  }

  /// - Parameter corners: for each of the positions, which corner it is, or -1; empty where that is not asked for.
  init(
    _ made: (net: TriangleNet, heights: [Int32]), _ corners: [Int32], _ positions: Positions, _ lattice: LatticeFrame,
    reach: Double
  ) {
    (net, heights) = made
    (self.corners, self.lattice) = (corners, lattice)
    (scale, offset) = (positions.scale.z, positions.offset.z)
    reachSquared = (reach / lattice.step) * (reach / lattice.step)
  }

  /// Where a search begins: at the triangle where the one before it has ended.
  struct Start { fileprivate var triangle: Int32 = 0 }

  /// The height at the place of the lattice that is nearest to coordinates, in the file's vertical unit; nil where there is
  /// no surface.
  /// - Complexity: O(√n) where the points are spread about evenly.
  public func height(_ plane: SIMD2<Double>) -> Double? {
    var start = Start()
    return height(plane, near: &start)
  }

  /// - Complexity: O(triangles between the place and that of the call before).
  func height(_ plane: SIMD2<Double>, near start: inout Start) -> Double? {
    guard let place = lattice.place(plane) else { return nil }
    return height(place, near: &start)
  }

  /// The height of the surface above or below one of the points that it was made of, whether it goes through that or not.
  func height(of positions: Positions, _ index: Int, near start: inout Start) -> Double? {
    let corner = corners[index]
    if corner >= 0 { return height(ofCorner: corner) }
    return height(lattice.place(positions.x[index], positions.y[index]), near: &start)
  }

  /// The height of one of the points that it goes through.
  func height(ofCorner corner: Int32) -> Double { height(corner) * scale + offset }

  func height(_ place: SIMD2<Int32>, near start: inout Start) -> Double? {
    guard let found = net.triangles.triangle(at: place, from: &start.triangle),
      let corners = net.triangles.corners(of: found)
    else { return nil }
    let (a, b, c) = (point(corners.x), point(corners.y), point(corners.z))
    let weights = SIMD3(
      Triangulation.turn(b, c, place), Triangulation.turn(c, a, place), Triangulation.turn(a, b, place))
    // A place on a side belongs to both triangles, and has the same height from either.
    let steps: Double?
    if weights.x == 0 {
      steps = along(corners.y, corners.z, place, found)
    } else if weights.y == 0 {
      steps = along(corners.z, corners.x, place, found)
    } else if weights.z == 0 {
      steps = along(corners.x, corners.y, place, found)
    } else if isWithinReach(a, b, c) {
      let share = SIMD3(Double(weights.x), Double(weights.y), Double(weights.z))
      let heights = SIMD3(height(corners.x), height(corners.y), height(corners.z))
      steps = (share * heights).sum() / Double(weights.wrappedSum())
    } else {
      steps = nil
    }
    return steps.map { $0 * scale + offset }
  }

  private func point(_ corner: Int32) -> SIMD2<Int32> { net.triangles.place(corner) }
  private func height(_ corner: Int32) -> Double { Double(heights[Int(corner)]) }

  /// The height on the side of a triangle that leads from one corner to another, or at one of them.
  private func along(_ u: Int32, _ v: Int32, _ place: SIMD2<Int32>, _ triangle: Int32) -> Double? {
    let (uPlace, vPlace) = (point(u), point(v))
    let isInOrder = (uPlace.x, uPlace.y) < (vPlace.x, vPlace.y)
    let (from, to) = isInOrder ? (uPlace, vPlace) : (vPlace, uPlace)
    let (first, second) = isInOrder ? (height(u), height(v)) : (height(v), height(u))
    if place == from { return first }
    if place == to { return second }
    guard isWithinReach(triangle) || isWithinReach(net.triangles.neighbour(of: triangle, beyond: u)) else { return nil }
    let (whole, part) = (SIMD2<Double>(to &- from), SIMD2<Double>(place &- from))
    let share = abs(whole.x) > abs(whole.y) ? part.x / whole.x : part.y / whole.y
    return first + share * (second - first)
  }

  private func isWithinReach(_ triangle: Int32) -> Bool {
    guard let corners = net.triangles.corners(of: triangle) else { return false }
    return isWithinReach(point(corners.x), point(corners.y), point(corners.z))
  }

  private func isWithinReach(_ a: SIMD2<Int32>, _ b: SIMD2<Int32>, _ c: SIMD2<Int32>) -> Bool {
    func square(_ a: SIMD2<Int32>, _ b: SIMD2<Int32>) -> Double {
      let side = SIMD2(Double(a.x &- b.x), Double(a.y &- b.y))
      return (side * side).sum()
    }
    let doubled = Double(Triangulation.turn(a, b, c))
    return square(a, b) * square(b, c) * square(c, a) <= 4 * doubled * doubled * reachSquared
  }
}

/// Triangles that stay as they are.
final class TriangleNet: Sendable {
  let triangles: GrowingTriangulation

  init(_ triangles: consuming GrowingTriangulation) { self.triangles = triangles }
}
