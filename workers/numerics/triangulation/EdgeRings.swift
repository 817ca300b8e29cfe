/// A subdivision of the plane as rings of directed edges around their origins. Edge `e` and `e ^ 1` are the two directions of
/// one; those of a face follow one another by `left(of:)`.
@safe final class EdgeRings: @unchecked Sendable {
  // Each part of a triangulation writes its own edges, and those of another once that is merged into it.
  private let origins: UnsafeMutablePointer<Int32>
  private let links: UnsafeMutablePointer<(next: Int32, previous: Int32)>
  private let count: Int

  private static let unused: Int32 = -1

  init(count: Int) {
    self.count = count
    unsafe origins = .allocate(capacity: max(1, count))
    unsafe links = .allocate(capacity: max(1, count))
    unsafe origins.initialize(repeating: Self.unused, count: count)
  }

  deinit {
    unsafe origins.deallocate()
    unsafe links.deallocate()
  }

  @inline(__always) func origin(_ edge: Int32) -> Int32 { unsafe origins[Int(edge)] }
  @inline(__always) func destination(_ edge: Int32) -> Int32 { unsafe origins[Int(edge ^ 1)] }
  /// The next edge with the same origin, counterclockwise.
  @inline(__always) func next(_ edge: Int32) -> Int32 { unsafe links[Int(edge)].next }
  @inline(__always) func previous(_ edge: Int32) -> Int32 { unsafe links[Int(edge)].previous }
  /// The next edge around the face on the left.
  @inline(__always) func left(_ edge: Int32) -> Int32 { previous(edge ^ 1) }

  /// Makes an edge that is connected to nothing.
  @inline(__always) func make(_ edge: Int32, from origin: Int32, to destination: Int32) {
    unsafe origins[Int(edge)] = origin
    unsafe origins[Int(edge ^ 1)] = destination
    unsafe links[Int(edge)] = (edge, edge)
    unsafe links[Int(edge ^ 1)] = (edge ^ 1, edge ^ 1)
  }

  /// Joins the rings around the origins of two edges, or parts them where they are one.
  @inline(__always) func splice(_ a: Int32, _ b: Int32) {
    let (afterA, afterB) = (next(a), next(b))
    unsafe links[Int(a)].next = afterB
    unsafe links[Int(b)].next = afterA
    unsafe links[Int(afterB)].previous = a
    unsafe links[Int(afterA)].previous = b
  }

  @inline(__always) func remove(_ edge: Int32) {
    splice(edge, previous(edge))
    splice(edge ^ 1, previous(edge ^ 1))
    unsafe origins[Int(edge)] = Self.unused
    unsafe origins[Int(edge ^ 1)] = Self.unused
  }

  /// The corners of all triangles, each once, and their neighbours, as `Triangulation` has them. The face outside may have
  /// three corners, too: those turn right.
  func triangles(of points: LatticePoints) -> (corners: [SIMD3<Int32>], neighbours: [SIMD3<Int32>]) {
    var numbers = [Int32](repeating: -1, count: count)
    var first: [Int32] = []
    first.reserveCapacity(count / 3)
    for edge in 0..<Int32(count) where origin(edge) != Self.unused {
      let second = left(edge)
      let third = left(second)
      guard left(third) == edge, origin(edge) < origin(second), origin(edge) < origin(third),
        points.isLeftTurn(origin(edge), origin(second), origin(third))
      else { continue }
      for side in [edge, second, third] { numbers[Int(side)] = Int32(first.count) }
      first.append(edge)
    }
    let sides = first.map { SIMD3($0, left($0), left(left($0))) }
    return (
      sides.map { SIMD3(origin($0.x), origin($0.y), origin($0.z)) },
      sides.map { SIMD3(numbers[Int($0.x ^ 1)], numbers[Int($0.y ^ 1)], numbers[Int($0.z ^ 1)]) }
    )
  }
}
