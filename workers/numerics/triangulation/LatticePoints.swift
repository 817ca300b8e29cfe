/// Points of an integer lattice by x, then by y, each once, and the two questions that a Delaunay triangulation asks of them, answered exactly.
@safe final class LatticePoints: @unchecked Sendable {
  /// Differences below it have 30 bits, so that the determinant of `isInCircle` is below 2¹²⁴.
  static let coordinateLimit: Int32 = 1 << 30

  // Written at first, and only read after that.
  private let points: UnsafeMutablePointer<SIMD2<Int32>>

  init(_ points: [SIMD2<Int32>]) {
    unsafe self.points = .allocate(capacity: max(1, points.count))
    for (index, point) in points.enumerated() { unsafe self.points[index] = point }
  }

  deinit { unsafe points.deallocate() }

  /// The points of a range from bottom to top, of one height from right to left: in order once the plane is turned by a
  /// quarter, to the right.
  func order(_ range: Range<Int>) -> [Int32] {
    var keys = range.map { index in
      let point = unsafe points[index]
      return (place: Int64(point.y) << 32 | Int64(Self.coordinateLimit - point.x), index: Int32(index))
    }
    keys.sort { $0.place < $1.place }
    return keys.map(\.index)
  }

  @inline(__always) private func site(_ index: Int32) -> SIMD2<Double> {
    let point = unsafe points[Int(index)]
    return SIMD2(Double(point.x), Double(point.y))
  }

  /// Whether `a`, `b` and `c` turn left.
  @inline(__always) func isLeftTurn(_ a: Int32, _ b: Int32, _ c: Int32) -> Bool {
    unsafe Triangulation.turn(points[Int(a)], points[Int(b)], points[Int(c)]) > 0
  }

  /// Whether `d` lies within the circle through `a`, `b` and `c`, which turn left; none of the three does.
  @inline(__always) func isInCircle(_ a: Int32, _ b: Int32, _ c: Int32, _ d: Int32) -> Bool {
    guard d != a, d != b, d != c else { return false }
    return PlaneSites.isInCircle(site(a), site(b), site(c), site(d))
  }
}
