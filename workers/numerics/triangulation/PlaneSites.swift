/// Places of a lattice as numbers to calculate with, and the questions that a growing triangulation asks of them, answered exactly.
@safe struct PlaneSites: ~Copyable, @unchecked Sendable {
  private var sites: UnsafeMutablePointer<SIMD2<Double>>
  private(set) var count = 0
  private var capacity: Int

  init(capacity: Int) {
    self.capacity = max(4, capacity)
    unsafe sites = .allocate(capacity: self.capacity)
  }

  deinit { unsafe sites.deallocate() }

  @inline(__always) subscript(number: Int32) -> SIMD2<Double> { unsafe sites[Int(number)] }

  /// Whether a place comes before another by x, and then by y.
  @inline(__always) func isBefore(_ a: Int32, _ b: Int32) -> Bool { Self.isBefore(self[a], self[b]) }

  @inline(__always) private static func isBefore(_ a: SIMD2<Double>, _ b: SIMD2<Double>) -> Bool {
    a.x < b.x || (a.x == b.x && a.y < b.y)
  }

  @inline(__always) mutating func add(_ place: SIMD2<Int32>) -> Int32 {
    if count == capacity { grow() }
    unsafe (sites + count).initialize(to: SIMD2(Double(place.x), Double(place.y)))
    count &+= 1
    return Int32(truncatingIfNeeded: count &- 1)
  }

  private mutating func grow() {
    capacity += capacity / 2
    let larger = UnsafeMutablePointer<SIMD2<Double>>.allocate(capacity: capacity)
    unsafe larger.initialize(from: sites, count: count)
    unsafe sites.deallocate()
    unsafe sites = larger
  }

  /// Beyond this, rounding cannot turn the sign of a difference of two products below 2⁶⁰: it makes less than 2⁸.
  static let certain = 0x1p10

  /// Whether the way from one difference to another turns right around where they are taken from.
  @inline(__always) static func isRightTurn(_ a: SIMD2<Double>, _ b: SIMD2<Double>) -> Bool {
    let turn = a.x * b.y - a.y * b.x
    return turn.magnitude > certain ? turn < 0 : exactTurn(a, b) < 0
  }

  @inline(__always) static func exactTurn(_ a: SIMD2<Double>, _ b: SIMD2<Double>) -> Int64 {
    Int64(a.x) &* Int64(b.y) &- Int64(a.y) &* Int64(b.x)
  }

  /// Whether a place lies to the left of a way, or on it between its ends.
  @inline(__always) static func isBeyond(_ from: SIMD2<Double>, _ to: SIMD2<Double>, _ place: SIMD2<Double>) -> Bool {
    let (a, b) = (from - place, to - place)
    let turn = a.x * b.y - a.y * b.x
    if turn.magnitude > certain { return turn > 0 }
    let exact = exactTurn(a, b)
    // On the line: ends on either side of it.
    return exact == 0 ? (a * b).min() < 0 : exact > 0
  }

  /// What rounding can make of the determinant at most, as a share of the sum of its terms' magnitudes (J. R. Shewchuk: "Adaptive precision
  /// floating-point arithmetic and fast robust geometric predicates", Discrete & Computational Geometry 18, 1997). Differences have no error here.
  private static let roundingShare = 12 * Double.ulpOfOne

  /// Whether `d`, which is none of them, lies within the circle through `a`, `b` and `c`, which turn left.
  @inline(__always) static func isInCircle(
    _ a: SIMD2<Double>, _ b: SIMD2<Double>, _ c: SIMD2<Double>, _ d: SIMD2<Double>
  ) -> Bool {
    let (p, q, r) = (a - d, b - d, c - d)
    let (qr, rq) = (q.x * r.y, q.y * r.x)
    let (rp, pr) = (r.x * p.y, r.y * p.x)
    let (pq, qp) = (p.x * q.y, p.y * q.x)
    let (u, v, w) = (p.x * p.x + p.y * p.y, q.x * q.x + q.y * q.y, r.x * r.x + r.y * r.y)
    let determinant = u * (qr - rq) + v * (rp - pr) + w * (pq - qp)
    let magnitude =
      u * (qr.magnitude + rq.magnitude) + v * (rp.magnitude + pr.magnitude) + w * (pq.magnitude + qp.magnitude)
    if determinant.magnitude > roundingShare * magnitude { return determinant > 0 }
    return isInCircleExactly(a, b, c, d)
  }

  @inline(never) private static func isInCircleExactly(
    _ a: SIMD2<Double>, _ b: SIMD2<Double>, _ c: SIMD2<Double>, _ d: SIMD2<Double>
  ) -> Bool {
    func part(_ lifted: SIMD2<Double>, _ a: SIMD2<Double>, _ b: SIMD2<Double>) -> Int128 {
      let (x, y) = (Int64(lifted.x), Int64(lifted.y))
      return Int128(x &* x &+ y &* y) * Int128(exactTurn(a, b))
    }
    let (p, q, r) = (a - d, b - d, c - d)
    let exact = part(p, q, r) + part(q, r, p) + part(r, p, q)
    return exact == 0 ? isInLiftedCircle(a, b, c, d) : exact > 0
  }

  /// Of four places on one circle: each is lifted from the paraboloid by an amount that is small beside that of the one before it in order
  /// (H. Edelsbrunner, E. Mücke: "Simulation of simplicity", ACM Transactions on Graphics 9(1), 1990), so that the first of them decides.
  private static func isInLiftedCircle(
    _ a: SIMD2<Double>, _ b: SIMD2<Double>, _ c: SIMD2<Double>, _ d: SIMD2<Double>
  ) -> Bool {
    func turnsLeft(_ a: SIMD2<Double>, _ b: SIMD2<Double>, _ c: SIMD2<Double>) -> Bool {
      exactTurn(a - c, b - c) > 0
    }
    if [a, b, c].allSatisfy({ isBefore(d, $0) }) { return false }
    if [b, c].allSatisfy({ isBefore(a, $0) }) { return turnsLeft(b, c, d) }
    return isBefore(b, c) ? turnsLeft(c, a, d) : turnsLeft(a, b, d)
  }
}
