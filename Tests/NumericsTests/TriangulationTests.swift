import Numerics
import StrataCore
import TestSupport
import Testing

@Suite struct TriangulationTests {
  private typealias Point = SIMD2<Int32>

  /// As the triangulation wants them.
  private func inOrder(_ points: some Sequence<Point>) -> [Point] {
    Set(points).sorted { ($0.x, $0.y) < ($1.x, $1.y) }
  }

  private func turn(_ a: Point, _ b: Point, _ c: Point) -> Int128 {
    let (u, v) = (
      SIMD2<Int64>(truncatingIfNeeded: b) &- SIMD2(truncatingIfNeeded: a),
      SIMD2<Int64>(truncatingIfNeeded: c) &- SIMD2(truncatingIfNeeded: a)
    )
    return Int128(u.x) * Int128(v.y) - Int128(u.y) * Int128(v.x)
  }

  /// Positive where `d` is within the circle through the others, 0 where it lies on it.
  private func circle(_ a: Point, _ b: Point, _ c: Point, _ d: Point) -> Int128 {
    func lift(_ p: Point) -> (x: Int128, y: Int128, square: Int128) {
      let (x, y) = (Int128(p.x) - Int128(d.x), Int128(p.y) - Int128(d.y))
      return (x, y, x * x + y * y)
    }
    let (p, q, r) = (lift(a), lift(b), lift(c))
    return p.square * (q.x * r.y - q.y * r.x) + q.square * (r.x * p.y - r.y * p.x)
      + r.square * (p.x * q.y - p.y * q.x)
  }

  /// Twice the area of the convex hull.
  private func hullArea(_ points: [Point]) -> Int128 {
    func half(_ points: [Point]) -> [Point] {
      var chain: [Point] = []
      for point in points {
        while chain.count > 1, turn(chain[chain.count - 2], chain[chain.count - 1], point) <= 0 { chain.removeLast() }
        chain.append(point)
      }
      return chain.dropLast()
    }
    let hull = half(points) + half(points.reversed())
    return (1..<max(1, hull.count - 1)).reduce(0) { $0 + turn(hull[0], hull[$1], hull[$1 + 1]) }
  }

  private func check(_ points: [Point], _ comment: Comment) {
    let triangulation = Triangulation(points)
    let triangles = triangulation.triangles
    var area: Int128 = 0
    for triangle in triangles {
      let corners = [triangle.x, triangle.y, triangle.z].map { points[Int($0)] }
      let size = turn(corners[0], corners[1], corners[2])
      #expect(size > 0, comment)
      area += size
      let inside = points.filter { circle(corners[0], corners[1], corners[2], $0) > 0 }
      #expect(inside.isEmpty, comment)
    }
    #expect(area == hullArea(points), comment)
    #expect(Set(triangles).count == triangles.count, comment)
    checkNeighbours(triangulation, comment)
  }

  /// Each side is another's in the other direction, or nobody's.
  private func checkNeighbours(_ triangulation: Triangulation, _ comment: Comment) {
    var owners: [SIMD2<Int32>: Int32] = [:]
    func sides(_ t: SIMD3<Int32>) -> [SIMD2<Int32>] { [SIMD2(t.x, t.y), SIMD2(t.y, t.z), SIMD2(t.z, t.x)] }
    for (index, triangle) in triangulation.triangles.enumerated() {
      for side in sides(triangle) { owners[side] = Int32(index) }
    }
    for (triangle, neighbours) in zip(triangulation.triangles, triangulation.neighbours) {
      let expected = sides(triangle).map { owners[SIMD2($0.y, $0.x)] ?? -1 }
      #expect([neighbours.x, neighbours.y, neighbours.z] == expected, comment)
    }
  }

  @Test func `places are found from anywhere, and none outside`() throws {
    var random = SeededGenerator(seed: testSeed)
    for limit: Int32 in [10, 60, 1 << 30] {
      let points = inOrder(
        (0..<300).map { _ in
          Point(.random(in: 0..<limit, using: &random), .random(in: 0..<limit, using: &random))
        })
      let triangulation = Triangulation(points)
      let hull = hullArea(points)
      for _ in 0..<500 {
        let place = Point(.random(in: 0..<limit, using: &random), .random(in: 0..<limit, using: &random))
        let start = Int32.random(in: 0..<Int32(triangulation.triangles.count), using: &random)
        let comment: Comment = "seed \(testSeed), \(place) below \(limit)"
        if let found = triangulation.triangle(at: place, from: start) {
          let t = triangulation.triangles[Int(found)]
          let (a, b, c) = (points[Int(t.x)], points[Int(t.y)], points[Int(t.z)])
          #expect(turn(a, b, place) >= 0 && turn(b, c, place) >= 0 && turn(c, a, place) >= 0, comment)
        } else {
          #expect(hullArea(inOrder(points + [place])) > hull, comment)
        }
      }
    }
  }

  @Test func `circles hold no point and the hull is covered once`() {
    var random = SeededGenerator(seed: testSeed)
    for size in [3, 4, 5, 6, 7, 8, 9, 10, 12, 20, 50, 150] {
      // Few places make many points on a line and on a circle.
      for limit: Int32 in [2, 3, 5, 12, 100, 1 << 30] {
        for _ in 0..<12 {
          let points = (0..<size).map { _ in
            Point(.random(in: 0..<limit, using: &random), .random(in: 0..<limit, using: &random))
          }
          check(inOrder(points), "seed \(testSeed), \(size) points below \(limit)")
        }
      }
    }
  }

  @Test func `points at the limits of the lattice`() {
    let far = Triangulation.coordinateLimit - 1
    check(inOrder([Point(0, 0), Point(0, far), Point(far, 0), Point(far, far), Point(far / 2, far / 2)]), "a square")
    check(inOrder([Point(0, 0), Point(far, 1), Point(far, 0), Point(1, 0), Point(far - 1, 1)]), "slivers")
  }

  @Test func `a line has no triangles and neither have two points`() {
    for count: Int32 in [0, 1, 2, 3, 4, 100] {
      #expect(Triangulation((0..<count).map { Point($0, 2 * $0) }).triangles.isEmpty)
      #expect(Triangulation((0..<count).map { Point(7, $0) }).triangles.isEmpty)
    }
  }

  @Test func `threads change nothing, and each triangle is there however the plane is cut`() {
    var random = SeededGenerator(seed: testSeed)
    // A lattice, where every cell's four corners lie on a circle, with some points missing.
    let points = inOrder(
      (0..<90_000).map { _ in
        Point(.random(in: 0..<300, using: &random), .random(in: 0..<300, using: &random))
      })
    let whole = Triangulation(points, threads: 1)
    #expect(whole.triangles == Triangulation(points, threads: 3).triangles)
    let part = points.filter { $0.x >= 100 && $0.x < 200 }
    func places(_ triangles: [SIMD3<Int32>], _ points: [Point]) -> Set<[Point]> {
      Set(
        triangles.map { t in [points[Int(t.x)], points[Int(t.y)], points[Int(t.z)]] }
          .filter { corners in corners.allSatisfy { $0.x >= 120 && $0.x < 180 } }
          .map { $0.sorted { ($0.x, $0.y) < ($1.x, $1.y) } })
    }
    #expect(places(whole.triangles, points) == places(Triangulation(part).triangles, part))
    #expect(!places(whole.triangles, points).isEmpty)
  }

  @Test func `it can be stopped`() {
    let points = inOrder((0..<100_000).map { Point($0 % 317, $0 / 317) })
    #expect(Triangulation(points, keepGoing: { false }).triangles.isEmpty)
  }
}
