/// The edges of a polygon's rings, by strips of y, so that a place is compared with few of them.
struct EdgeStrips: Sendable {
  private struct Edge: Sendable {
    let a: SIMD2<Double>
    let b: SIMD2<Double>
  }

  private let edges: [Edge]
  /// The edges of each strip, one strip after another.
  private let members: [Int32]
  private let starts: [Int]
  private let low: SIMD2<Double>
  private let high: SIMD2<Double>
  private let stripCount: Int

  private static let stripsMax = 4_096
  /// In how many strips an edge is in the mean, at most.
  private static let membershipsMax = 16

  init(rings: [[SIMD2<Double>]]) {
    edges = rings.flatMap { ring in ring.indices.map { Edge(a: ring[$0], b: ring[($0 + 1) % ring.count]) } }
    let corners = rings.joined()
    let low = corners.reduce(SIMD2(repeating: .infinity)) { pointwiseMin($0, $1) }
    let high = corners.reduce(SIMD2(repeating: -.infinity)) { pointwiseMax($0, $1) }
    var stripCount = max(1, min(Self.stripsMax, edges.count / 4))
    func strips(of edge: Edge) -> ClosedRange<Int> {
      let first = Self.strip(min(edge.a.y, edge.b.y), low.y, high.y, stripCount)
      return first...Self.strip(max(edge.a.y, edge.b.y), low.y, high.y, stripCount)
    }
    // Edges that reach from the bottom to the top are in all strips, and gain nothing by there being many.
    while stripCount > 1,
      edges.reduce(0, { $0 + strips(of: $1).count }) > Self.membershipsMax * edges.count
    {
      stripCount /= 2
    }
    var members = [[Int32]](repeating: [], count: stripCount)
    for (index, edge) in edges.enumerated() {
      for strip in strips(of: edge) { members[strip].append(Int32(index)) }
    }
    self.members = Array(members.joined())
    starts = members.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.count) }
    (self.low, self.high, self.stripCount) = (low, high, stripCount)
  }

  /// Grows with y, so that all edges at the height of a place are in its strip.
  private static func strip(_ y: Double, _ low: Double, _ high: Double, _ count: Int) -> Int {
    high > low ? max(0, min(count - 1, Int((y - low) / (high - low) * Double(count)))) : 0
  }

  /// Whether a place lies within an odd number of rings, or on an edge.
  func contains(_ place: SIMD2<Double>) -> Bool {
    guard place.x >= low.x, place.x <= high.x, place.y >= low.y, place.y <= high.y else { return false }
    var isInside = false
    let strip = Self.strip(place.y, low.y, high.y, stripCount)
    for member in members[starts[strip]..<starts[strip + 1]] {
      let (a, b) = (edges[Int(member)].a, edges[Int(member)].b)
      guard place.y >= min(a.y, b.y), place.y <= max(a.y, b.y) else { continue }
      if place.x > max(a.x, b.x) { continue }
      let crosses = (a.y > place.y) != (b.y > place.y)
      if place.x < min(a.x, b.x) {
        if crosses { isInside.toggle() }
        continue
      }
      let side = exactTurn(a, b, place)
      if side == 0 { return true }
      // Left of an edge that goes up, or right of one that goes down.
      if crosses, (side > 0) == (b.y > a.y) { isInside.toggle() }
    }
    return isInside
  }
}

/// Positive where `c` lies left of the way from `a` to `b`, negative to the right, 0 exactly on their line.
///
/// Where rounding might decide, the determinant is summed without rounding (Shewchuk, Discrete & Computational Geometry
/// 18, 1997). Coordinates are below 10¹⁵.
func exactTurn(_ a: SIMD2<Double>, _ b: SIMD2<Double>, _ c: SIMD2<Double>) -> Double {
  let left = (a.x - c.x) * (b.y - c.y)
  let right = (a.y - c.y) * (b.x - c.x)
  let turn = left - right
  // Shewchuk's bound for this determinant.
  if abs(turn) > (3 + 16 * 0x1p-53) * 0x1p-53 * (abs(left) + abs(right)) { return turn }
  var sum = ExactSum()
  sum.add(a.x, b.y)
  sum.add(-a.x, c.y)
  sum.add(-c.x, b.y)
  sum.add(-a.y, b.x)
  sum.add(a.y, c.x)
  sum.add(c.y, b.x)
  return sum.largest
}

/// A sum of products without rounding: numbers that do not overlap, smallest first.
private struct ExactSum {
  private var parts: [Double] = []

  /// Adds the product of two numbers, which is the rounded one and what a fused addition finds that it lacks.
  mutating func add(_ a: Double, _ b: Double) {
    let product = a * b
    add((-product).addingProduct(a, b))
    add(product)
  }

  private mutating func add(_ value: Double) {
    var rest = value
    var grown: [Double] = []
    for part in parts {
      let sum = rest + part
      let shifted = sum - rest
      let lost = (rest - (sum - shifted)) + (part - shifted)
      if lost != 0 { grown.append(lost) }
      rest = sum
    }
    if rest != 0 { grown.append(rest) }
    parts = grown
  }

  /// Has the sign of the whole.
  var largest: Double { parts.last ?? 0 }
}
