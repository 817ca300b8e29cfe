/// Points of an integer lattice, and the two questions that a Delaunay triangulation asks of them, answered exactly.
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

  @inline(__always) private func difference(_ a: Int32, _ b: Int32) -> SIMD2<Int64> {
    unsafe SIMD2(truncatingIfNeeded: points[Int(a)] &- points[Int(b)])
  }

  /// Whether `a`, `b` and `c` turn left.
  @inline(__always) func isLeftTurn(_ a: Int32, _ b: Int32, _ c: Int32) -> Bool {
    unsafe Triangulation.turn(points[Int(a)], points[Int(b)], points[Int(c)]) > 0
  }

  /// What rounding can make of the determinant at most, as a share of the sum of its terms' magnitudes (J. R. Shewchuk:
  /// "Adaptive precision floating-point arithmetic and fast robust geometric predicates", Discrete & Computational Geometry
  /// 18, 1997). Differences have no error here.
  private static let roundingShare = 12 * Double.ulpOfOne

  /// Whether `d` lies within the circle through `a`, `b` and `c`, which turn left.
  @inline(__always) func isInCircle(_ a: Int32, _ b: Int32, _ c: Int32, _ d: Int32) -> Bool {
    let (u, v, w) = (difference(a, d), difference(b, d), difference(c, d))
    let (p, q, r) = (SIMD2<Double>(u), SIMD2<Double>(v), SIMD2<Double>(w))
    let (qr, rq) = (q.x * r.y, q.y * r.x)
    let (rp, pr) = (r.x * p.y, r.y * p.x)
    let (pq, qp) = (p.x * q.y, p.y * q.x)
    let lifts = SIMD3((p * p).sum(), (q * q).sum(), (r * r).sum())
    let determinant = lifts.x * (qr - rq) + lifts.y * (rp - pr) + lifts.z * (pq - qp)
    let magnitude = lifts.x * (abs(qr) + abs(rq)) + lifts.y * (abs(rp) + abs(pr)) + lifts.z * (abs(pq) + abs(qp))
    if abs(determinant) > Self.roundingShare * magnitude { return determinant > 0 }
    let exact = Self.determinant(u, v, w)
    return exact == 0 ? isInLiftedCircle(a, b, c, d) : exact > 0
  }

  private static func determinant(_ u: SIMD2<Int64>, _ v: SIMD2<Int64>, _ w: SIMD2<Int64>) -> Int128 {
    func part(_ lifted: SIMD2<Int64>, _ a: SIMD2<Int64>, _ b: SIMD2<Int64>) -> Int128 {
      let lift = lifted.x &* lifted.x &+ lifted.y &* lifted.y
      return Int128(lift) * Int128(a.x &* b.y &- a.y &* b.x)
    }
    return part(u, v, w) + part(v, w, u) + part(w, u, v)
  }

  /// Of four points on one circle: each is lifted from the paraboloid by an amount that is small beside that of the one
  /// before it in order (H. Edelsbrunner, E. Mücke: "Simulation of simplicity", ACM Transactions on Graphics 9(1), 1990), so
  /// that the first of them decides.
  private func isInLiftedCircle(_ a: Int32, _ b: Int32, _ c: Int32, _ d: Int32) -> Bool {
    guard d != a, d != b, d != c else { return false }
    return switch min(min(a, b), min(c, d)) {
    case a: isLeftTurn(b, c, d)
    case b: isLeftTurn(c, a, d)
    case c: isLeftTurn(a, b, d)
    default: false
    }
  }
}
