/// The triangulation of the points of a range, which can be merged with that of the range after it.
///
/// Guibas and Stolfi (see `Triangulation`), in their words and order, so that it can be read beside the paper.
struct TriangulatedPart {
  private let range: Range<Int>
  private let points: LatticePoints
  private let edges: EdgeRings
  private var unused: [Range<Int32>]
  private var removed: [Int32] = []
  /// The points from bottom to top, while the part is divided.
  private var order: [Int32] = []
  private var hull = Hull(left: 0, right: 0)

  /// The edge of the hull from its leftmost point, counterclockwise, and that from its rightmost point, clockwise.
  private struct Hull {
    let left: Int32
    let right: Int32
  }

  init(_ range: Range<Int>, _ points: LatticePoints, _ edges: EdgeRings) {
    (self.range, self.points, self.edges) = (range, points, edges)
    // A planar graph of n points has fewer than 3n edges, each in two directions.
    unused = [Int32(6 * range.lowerBound)..<Int32(6 * range.upperBound)]
  }

  /// Divides the part across the direction in which the parts are merged, which are narrow: so no two halves share a long
  /// border (R. A. Dwyer: "A faster divide-and-conquer algorithm for constructing Delaunay triangulations", Algorithmica 2,
  /// 1987).
  mutating func triangulate() {
    order = points.order(range)
    hull = turned(triangulated(0..<order.count))
    order = []
  }

  /// Takes in the part of the points right after these.
  mutating func merge(_ other: TriangulatedPart) {
    unused += other.unused
    removed += other.removed
    hull = merged(hull, other.hull)
  }

  // MARK: Edges

  private mutating func make(_ origin: Int32, _ destination: Int32) -> Int32 {
    let edge = removed.popLast() ?? fresh()
    edges.make(edge, from: origin, to: destination)
    return edge
  }

  private mutating func fresh() -> Int32 {
    while let last = unused.last, last.isEmpty { unused.removeLast() }
    let last = unused.count - 1
    let edge = unused[last].lowerBound
    unused[last] = edge + 2..<unused[last].upperBound
    return edge
  }

  /// An edge from the destination of `a` to the origin of `b`, all three with the same face on their left.
  private mutating func connect(_ a: Int32, _ b: Int32) -> Int32 {
    let edge = make(edges.destination(a), edges.origin(b))
    edges.splice(edge, edges.left(a))
    edges.splice(edge ^ 1, b)
    return edge
  }

  private mutating func remove(_ edge: Int32) {
    edges.remove(edge)
    removed.append(edge)
  }

  @inline(__always) private func isLeft(_ point: Int32, of edge: Int32) -> Bool {
    points.isLeftTurn(point, edges.origin(edge), edges.destination(edge))
  }

  @inline(__always) private func isRight(_ point: Int32, of edge: Int32) -> Bool {
    points.isLeftTurn(point, edges.destination(edge), edges.origin(edge))
  }

  // MARK: Division

  private mutating func triangulated(_ range: Range<Int>) -> Hull {
    switch range.count {
    case 2:
      let edge = make(order[range.lowerBound], order[range.lowerBound + 1])
      return Hull(left: edge, right: edge ^ 1)
    case 3: return three(order[range.lowerBound], order[range.lowerBound + 1], order[range.lowerBound + 2])
    default: return merged(triangulated(range.lowerHalf), triangulated(range.upperHalf))
    }
  }

  private mutating func three(_ first: Int32, _ second: Int32, _ third: Int32) -> Hull {
    let a = make(first, second)
    let b = make(second, third)
    edges.splice(a ^ 1, b)
    if points.isLeftTurn(first, second, third) {
      _ = connect(b, a)
    } else if points.isLeftTurn(first, third, second) {
      let c = connect(b, a)
      return Hull(left: c ^ 1, right: c)
    }
    return Hull(left: a, right: b ^ 1)
  }

  /// The edges of the hull from its first and its last point by x, where those of `hull` are from the lowest and the highest.
  private func turned(_ hull: Hull) -> Hull {
    var (left, right) = (hull.left, hull.left)
    var edge = hull.left
    repeat {
      if edges.origin(edge) < edges.origin(left) { left = edge }
      if edges.destination(edge) > edges.destination(right) { right = edge }
      edge = edges.next(edge ^ 1)
    } while edge != hull.left
    return Hull(left: left, right: right ^ 1)
  }

  // MARK: Merging

  private mutating func merged(_ left: Hull, _ right: Hull) -> Hull {
    var (inLeft, inRight) = (left.right, right.left)
    while true {
      if isLeft(edges.origin(inRight), of: inLeft) {
        inLeft = edges.left(inLeft)
      } else if isRight(edges.origin(inLeft), of: inRight) {
        inRight = edges.next(inRight ^ 1)
      } else {
        break
      }
    }
    let base = connect(inRight ^ 1, inLeft)
    let hull = Hull(
      left: edges.origin(inLeft) == edges.origin(left.left) ? base ^ 1 : left.left,
      right: edges.origin(inRight) == edges.origin(right.right) ? base : right.right)
    rise(from: base)
    return hull
  }

  /// Joins the two sides, from their lower common tangent upwards.
  private mutating func rise(from tangent: Int32) {
    var base = tangent
    while true {
      let left = leftCandidate(base)
      let right = rightCandidate(base)
      let isLeftAbove = isRight(edges.destination(left), of: base)
      let isRightAbove = isRight(edges.destination(right), of: base)
      if !isLeftAbove, !isRightAbove { return }
      let takesRight =
        !isLeftAbove
        || isRightAbove
          && points.isInCircle(
            edges.destination(left), edges.origin(left), edges.origin(right), edges.destination(right))
      base = takesRight ? connect(right, base ^ 1) : connect(base ^ 1, left ^ 1)
    }
  }

  /// The edge to the next point on the left, after those are removed whose circles hold the one behind.
  private mutating func leftCandidate(_ base: Int32) -> Int32 {
    var candidate = edges.next(base ^ 1)
    guard isRight(edges.destination(candidate), of: base) else { return candidate }
    while points.isInCircle(
      edges.destination(base), edges.origin(base), edges.destination(candidate),
      edges.destination(edges.next(candidate)))
    {
      let following = edges.next(candidate)
      remove(candidate)
      candidate = following
    }
    return candidate
  }

  private mutating func rightCandidate(_ base: Int32) -> Int32 {
    var candidate = edges.previous(base)
    guard isRight(edges.destination(candidate), of: base) else { return candidate }
    while points.isInCircle(
      edges.destination(base), edges.origin(base), edges.destination(candidate),
      edges.destination(edges.previous(candidate)))
    {
      let following = edges.previous(candidate)
      remove(candidate)
      candidate = following
    }
    return candidate
  }
}
