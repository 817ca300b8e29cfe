/// The Delaunay triangulation of points of an integer lattice, exact wherever they lie.
///
/// By division and merging (L. Guibas, J. Stolfi: "Primitives for the manipulation of general subdivisions and the
/// computation of Voronoi diagrams", ACM Transactions on Graphics 4(2), 1985), with the predicates of `LatticePoints`. There
/// is only one, even where points lie on one circle: a triangle depends on no point outside its circle, nor on how the work
/// was divided.
public struct Triangulation: Sendable {
  public let points: [SIMD2<Int32>]
  /// The places of three points for each triangle, counterclockwise from the first in order.
  public let triangles: [SIMD3<Int32>]
  /// For each triangle those on the other side of its sides, of which the first leads from the first corner to the second;
  /// -1 where there is none.
  public let neighbours: [SIMD3<Int32>]

  /// Coordinates are from 0 up to this one, which is excluded.
  public static let coordinateLimit = LatticePoints.coordinateLimit
  /// The most points: the numbers of their edges fit 32 bits.
  public static let pointsMax = 300_000_000

  /// Parts of fewer points are not divided between threads.
  private static let partPointsMin = 1 << 14
  private static let partsMax = 64

  /// - Parameters:
  ///   - points: distinct, in order by x and then by y, within the limits above. Points on one line have no triangles.
  ///   - threads: the most threads to use, the caller's own among them.
  ///   - keepGoing: asked now and then on the caller's thread; once it answers false, there are no triangles.
  /// - Complexity: O(n log n) time, 216 bytes a point while it is made, 72 after that.
  public init(_ points: [SIMD2<Int32>], threads: Int = 1, keepGoing: () -> Bool = { true }) {
    precondition(points.count <= Self.pointsMax)
    self.points = points
    let lattice = LatticePoints(points)
    let edges = EdgeRings(count: 6 * points.count)
    var ranges = points.count > 2 ? [0..<points.count] : []
    while let first = ranges.first, first.count >= 2 * Self.partPointsMin, ranges.count < Self.partsMax {
      ranges = ranges.flatMap { [$0.lowerHalf, $0.upperHalf] }
    }
    var parts = ranges.map { OwnedPart(TriangulatedPart($0, lattice, edges)) }
    var isWhole = parallelFor(parts.count, threads: threads, keepGoing: { _ in keepGoing() }) { [parts] in
      parts[$0].part.triangulate()
    }
    while isWhole, parts.count > 1 {
      isWhole = parallelFor(parts.count / 2, threads: threads, keepGoing: { _ in keepGoing() }) { [parts] in
        parts[2 * $0].part.merge(parts[2 * $0 + 1].part)
      }
      parts = stride(from: 0, to: parts.count, by: 2).map { parts[$0] }
    }
    (triangles, neighbours) = isWhole ? edges.triangles(of: lattice) : ([], [])
  }
}

extension Triangulation {
  /// Twice the area of the triangle of three places, positive where they turn left. Exact within the limits of coordinates.
  @inlinable public static func turn(_ a: SIMD2<Int32>, _ b: SIMD2<Int32>, _ c: SIMD2<Int32>) -> Int64 {
    let (u, v) = (SIMD2<Int64>(truncatingIfNeeded: a &- c), SIMD2<Int64>(truncatingIfNeeded: b &- c))
    return u.x &* v.y &- u.y &* v.x
  }

  /// The triangle that has a place within it or on its border; nil where that lies outside of all.
  ///
  /// By walking through the sides that the place lies beyond, which ends in every Delaunay triangulation (O. Devillers,
  /// S. Pion, M. Teillaud: "Walking in a triangulation", International Journal of Foundations of Computer Science 13(2),
  /// 2002).
  /// - Parameters:
  ///   - place: within the limits of coordinates.
  ///   - start: the triangle to begin with.
  /// - Complexity: O(triangles between the two).
  public func triangle(at place: SIMD2<Int32>, from start: Int32) -> Int32? {
    var triangle = start
    while true {
      let corners = triangles[Int(triangle)]
      let (a, b, c) = (points[Int(corners.x)], points[Int(corners.y)], points[Int(corners.z)])
      let beyond = neighbours[Int(triangle)]
      let next: Int32
      if Self.turn(a, b, place) < 0 {
        next = beyond.x
      } else if Self.turn(b, c, place) < 0 {
        next = beyond.y
      } else if Self.turn(c, a, place) < 0 {
        next = beyond.z
      } else {
        return triangle
      }
      guard next >= 0 else { return nil }
      triangle = next
    }
  }
}

/// A part that one thread at a time works on.
private final class OwnedPart: @unchecked Sendable {
  var part: TriangulatedPart

  init(_ part: TriangulatedPart) { self.part = part }
}

extension Range<Int> {
  var lowerHalf: Range { lowerBound..<lowerBound + count / 2 }
  var upperHalf: Range { lowerBound + count / 2..<upperBound }
}
