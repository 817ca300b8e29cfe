/// A Delaunay triangulation that takes in one place after another, exact wherever they lie: its triangles are those of `Triangulation`,
/// whatever the order.
///
/// The triangles whose circles hold a new place are taken out, and the hole is filled with triangles to the place (A. Bowyer, D. Watson: The
/// Computer Journal 24(2), 1981), which is found by walking there. Many places are taken along a Hilbert curve, at first one of many (N. Amenta,
/// S. Choi, G. Rote: "Incremental constructions con BRIO", 2003): so ways are short, and what is needed is in the cache.
public struct GrowingTriangulation: ~Copyable, Sendable {
  private(set) var mesh: TriangleMesh
  private(set) var sites: PlaneSites
  private var hole = HoleWork()
  /// Of the triangles around the place that was inserted last one, whose third corner it is.
  private(set) var newest: Int32 = 0

  /// The most places: the numbers of the sides of their triangles fit 32 bits.
  public static let placesMax = 268_000_000
  /// Of places along the curve one of so many is taken first, then one of so many of the others.
  private static let strides = [256, 16, 1]
  /// Whether to go on is asked once for so many places.
  private static let stretch = 1 << 14

  /// - Parameters:
  ///   - places: in any order, of coordinates from 0 up to but not with `Triangulation.coordinateLimit`, `placesMax` at most.
  ///   - numbers: becomes the number of each place; equal ones have the same. All are -1 where the places lie on a line: there are no triangles then,
  ///     and nothing can be inserted.
  ///   - keepGoing: asked now and then; once it answers false, what is made means nothing.
  /// - Complexity: O(n log n) time where places are not spread very unevenly, 90 bytes a place while it is made, 80 after that.
  public init(_ places: [SIMD2<Int32>], numbers: inout [Int32], keepGoing: () -> Bool = { true }) {
    precondition(places.count <= Self.placesMax)
    mesh = TriangleMesh(capacity: 2 * places.count)
    sites = PlaneSites(capacity: places.count)
    numbers = [Int32](repeating: -1, count: places.count)
    let order = Self.inTurn(HilbertOrder.order(of: places))
    let sequence = order.map { places[Int($0)] }
    guard begin(sequence) else { return }
    for place in sequence.indices {
      if place % Self.stretch == 0, !keepGoing() { return }
      numbers[Int(order[place])] = insert(sequence[place])
    }
  }

  /// What is along the curve, first one of many.
  private static func inTurn(_ order: [Int32]) -> [Int32] {
    var result: [Int32] = []
    result.reserveCapacity(order.count)
    var before = Int.max
    for stride in strides {
      for first in Swift.stride(from: 0, to: order.count, by: stride) where before == .max || first % before != 0 {
        result.append(order[first])
      }
      before = stride
    }
    return result
  }

  /// Makes the first triangle, of the first three places that are on no line.
  private mutating func begin(_ places: [SIMD2<Int32>]) -> Bool {
    guard let first = places.first, let second = places.first(where: { $0 != first }),
      let third = places.first(where: { Triangulation.turn(first, second, $0) != 0 })
    else { return false }
    let isLeft = Triangulation.turn(first, second, third) > 0
    let a = sites.add(first)
    let b = sites.add(isLeft ? second : third)
    let c = sites.add(isLeft ? third : second)
    for corners in [
      (a, b, c), (b, a, TriangleMesh.outside), (c, b, TriangleMesh.outside), (a, c, TriangleMesh.outside),
    ] {
      mesh.setCorners(mesh.make(), corners.0, corners.1, corners.2)
    }
    for triangle: Int32 in 1...3 {
      mesh.join(4 * triangle, triangle - 1)
      // From a corner of the hull outwards, and back from there in the triangle before.
      mesh.join(4 * triangle + 1, 4 * (triangle == 1 ? 3 : triangle - 1) + 2)
    }
    return true
  }

  /// Whether there is no triangle.
  public var isEmpty: Bool { mesh.count == 0 }
  public var placeCount: Int { sites.count }

  /// Takes in a place that `isWithin` the reach of a triangle.
  ///
  /// - Returns: its number, that of the place before it plus one.
  /// - Complexity: O(triangles with the place in their circles).
  @inline(__always) public mutating func insert(_ place: SIMD2<Int32>, within triangle: Int32) -> Int32 {
    let number = sites.add(place)
    mesh.reserve(mesh.count &+ 2)
    dig(triangle, SIMD2(Double(place.x), Double(place.y)))
    fill(number)
    return number
  }

  /// - Returns: the number of a place; that of an equal one which is there already.
  @inline(__always) private mutating func insert(_ place: SIMD2<Int32>) -> Int32 {
    let target = SIMD2(Double(place.x), Double(place.y))
    let found = walk(to: target, from: newest)
    for side in 4 &* found...4 &* found &+ 2 {
      let corner = mesh.corner(side)
      if corner >= 0, sites[corner] == target { return corner }
    }
    return insert(place, within: found)
  }

  /// The triangle that has a place within it or on its border, or that outside of the hull's side beyond which it lies.
  ///
  /// By walking through sides that the place lies beyond, as `Triangulation.triangle` does.
  @inline(__always) private func walk(to place: SIMD2<Double>, from start: Int32) -> Int32 {
    var side = 4 &* start
    if let outer = outerSide(start) { side = mesh.twin(outer) }
    var a = sites[mesh.corner(side)] - place
    var b = sites[mesh.corner(TriangleMesh.next(side))] - place
    if PlaneSites.isRightTurn(a, b) {
      side = mesh.twin(side)
      (a, b) = (b, a)
    }
    while true {
      let (next, previous) = (TriangleMesh.next(side), TriangleMesh.previous(side))
      let corner = mesh.corner(previous)
      guard corner >= 0 else { return side >> 2 }
      let c = sites[corner] - place
      if PlaneSites.isRightTurn(b, c) {
        side = mesh.twin(next)
        a = c
      } else if PlaneSites.isRightTurn(c, a) {
        side = mesh.twin(previous)
        b = c
      } else {
        return side >> 2
      }
    }
  }

  /// The side of the hull that a triangle outside has; nil of the others.
  @inline(__always) func outerSide(_ triangle: Int32) -> Int32? {
    let side = 4 &* triangle
    if mesh.corner(side &+ 2) < 0 { return side }
    if mesh.corner(side) < 0 { return side &+ 1 }
    return mesh.corner(side &+ 1) < 0 ? side &+ 2 : nil
  }

  /// Finds the triangles whose circles hold a place, and the sides around them, counterclockwise.
  @inline(__always) private mutating func dig(_ first: Int32, _ place: SIMD2<Double>) {
    hole.begin(first, mesh.twin(4 &* first), mesh.twin(4 &* first &+ 1), mesh.twin(4 &* first &+ 2))
    while let side = hole.next() {
      if isWithin(place, side) {
        hole.remove(side >> 2, mesh.twin(TriangleMesh.next(side)), mesh.twin(TriangleMesh.previous(side)))
      } else {
        hole.keep(side)
      }
    }
  }

  /// Whether the circle of a side's triangle holds a place, which is none of its corners; that of a triangle outside is all that lies beyond
  /// the hull's side.
  @inline(__always) func isWithin(_ place: SIMD2<Double>, _ side: Int32) -> Bool {
    let a = mesh.corner(side)
    let b = mesh.corner(TriangleMesh.next(side))
    let c = mesh.corner(TriangleMesh.previous(side))
    if a | b | c >= 0 { return PlaneSites.isInCircle(sites[a], sites[b], sites[c], place) }
    let (from, to) = c < 0 ? (a, b) : a < 0 ? (b, c) : (c, a)
    return PlaneSites.isBeyond(sites[from], sites[to], place)
  }

  /// Fills the hole with triangles from the sides around it to a place.
  @inline(__always) private mutating func fill(_ number: Int32) {
    var (first, before): (Int32, Int32) = (-1, -1)
    for index in 0..<hole.rimCount {
      let side = hole.rim(index)
      let triangle = hole.removed(index) ?? mesh.make()
      mesh.setCorners(triangle, mesh.corner(TriangleMesh.next(side)), mesh.corner(side), number)
      mesh.join(4 &* triangle, side)
      if before >= 0 { mesh.join(4 &* triangle &+ 2, 4 &* before &+ 1) } else { first = triangle }
      before = triangle
    }
    mesh.join(4 &* first &+ 2, 4 &* before &+ 1)
    newest = before
  }
}

// What is asked of it.
extension GrowingTriangulation {
  /// The triangle that has a place within it or on its border; nil where that lies outside of all.
  ///
  /// - Parameter start: where to begin; becomes the triangle where the walk has ended.
  /// - Complexity: O(triangles between the two).
  public func triangle(at place: SIMD2<Int32>, from start: inout Int32) -> Int32? {
    guard !isEmpty else { return nil }
    start = walk(to: SIMD2(Double(place.x), Double(place.y)), from: start)
    return outerSide(start) == nil ? start : nil
  }

  /// The numbers of a triangle's corners, counterclockwise from that which is first by x, and then by y; nil of triangles outside.
  public func corners(of triangle: Int32) -> SIMD3<Int32>? {
    let side = 4 &* triangle
    let (a, b, c) = (mesh.corner(side), mesh.corner(side &+ 1), mesh.corner(side &+ 2))
    guard a | b | c >= 0 else { return nil }
    let (isAB, isAC, isBC) = (sites.isBefore(a, b), sites.isBefore(a, c), sites.isBefore(b, c))
    // Selected, not branched to: nobody could foresee which it is.
    let first: Int32 = isAB ? (isAC ? 0 : 2) : (isBC ? 1 : 2)
    let start = side &+ first
    return SIMD3(
      mesh.corner(start), mesh.corner(TriangleMesh.next(start)), mesh.corner(TriangleMesh.previous(start)))
  }

  /// The triangle beyond the side that begins at a corner, which may be one outside.
  public func neighbour(of triangle: Int32, beyond corner: Int32) -> Int32 {
    var side = 4 &* triangle
    while mesh.corner(side) != corner, side & 3 < 2 { side &+= 1 }
    return mesh.twin(side) >> 2
  }

  /// How many triangles there are, those outside among them.
  public var triangleCount: Int { mesh.count }

  public func place(_ number: Int32) -> SIMD2<Int32> {
    let site = sites[number]
    return SIMD2(Int32(site.x), Int32(site.y))
  }
}
