import Numerics
import StrataCore
import TestSupport
import Testing

/// It has the triangles of `Triangulation`, which is made in another way and has tests of its own.
@Suite struct GrowingTriangulationTests {
  private typealias Point = SIMD2<Int32>

  private func random(_ count: Int, below limit: Int32, _ random: inout SeededGenerator) -> [Point] {
    (0..<count).map { _ in Point(.random(in: 0..<limit, using: &random), .random(in: 0..<limit, using: &random)) }
  }

  private func expected(_ points: [Point]) -> Set<[Point]> {
    let sorted = Set(points).sorted { ($0.x, $0.y) < ($1.x, $1.y) }
    return Set(Triangulation(sorted).triangles.map { t in [t.x, t.y, t.z].map { sorted[Int($0)] } })
  }

  private func triangles(_ growing: borrowing GrowingTriangulation) -> Set<[Point]> {
    var found: Set<[Point]> = []
    for triangle in 0..<Int32(growing.triangleCount) {
      guard let corners = growing.corners(of: triangle) else { continue }
      found.insert([growing.place(corners.x), growing.place(corners.y), growing.place(corners.z)])
    }
    return found
  }

  @Test func `its triangles are those of the division, and equal places have one number`() {
    var generator = SeededGenerator(seed: testSeed)
    for size in [1, 2, 3, 4, 5, 7, 10, 20, 50, 150, 2_000] {
      // Few places make many points on a line, on a circle, and on one another.
      for limit: Int32 in [2, 3, 5, 12, 100, 1 << 30] {
        for _ in 0..<8 {
          let points = random(size, below: limit, &generator)
          var numbers: [Int32] = []
          let growing = GrowingTriangulation(points, numbers: &numbers)
          #expect(triangles(growing) == expected(points), "seed \(testSeed), \(size) points below \(limit)")
          guard !growing.isEmpty else { continue }
          #expect(growing.placeCount == Set(points).count)
          for (point, number) in zip(points, numbers) { #expect(growing.place(number) == point) }
        }
      }
    }
  }

  @Test func `places that a triangle's reach holds can be put in, in any order`() throws {
    var generator = SeededGenerator(seed: testSeed)
    for limit: Int32 in [8, 40, 1_000, 1 << 30] {
      for _ in 0..<20 {
        let points = Array(Set(random(120, below: limit, &generator)))
        var numbers: [Int32] = []
        var growing = GrowingTriangulation(Array(points.prefix(points.count / 3)), numbers: &numbers)
        guard !growing.isEmpty else { continue }
        for point in points.dropFirst(points.count / 3) {
          let holding = (0..<Int32(growing.triangleCount)).filter { growing.isWithin(point, reachOf: $0) }
          let triangle = try #require(holding.randomElement(using: &generator), "seed \(testSeed)")
          let number = growing.insert(point, within: triangle)
          #expect(Int(number) == growing.placeCount - 1 && growing.place(number) == point)
          #expect((0..<Int32(growing.triangleCount)).allSatisfy { !growing.isWithin(point, reachOf: $0) })
        }
        #expect(triangles(growing) == expected(points), "seed \(testSeed), below \(limit)")
      }
    }
  }

  @Test func `places are found from anywhere, and none outside`() {
    var generator = SeededGenerator(seed: testSeed)
    for limit: Int32 in [10, 60, 1 << 30] {
      let points = random(300, below: limit, &generator)
      var numbers: [Int32] = []
      let growing = GrowingTriangulation(points, numbers: &numbers)
      let sorted = Set(points).sorted { ($0.x, $0.y) < ($1.x, $1.y) }
      let divided = Triangulation(sorted)
      var start = Int32.random(in: 0..<Int32(growing.triangleCount), using: &generator)
      for place in random(500, below: limit, &generator) {
        let found = growing.triangle(at: place, from: &start)
        #expect((found == nil) == (divided.triangle(at: place, from: 0) == nil), "seed \(testSeed)")
        guard let found, let corners = growing.corners(of: found) else { continue }
        let (a, b, c) = (growing.place(corners.x), growing.place(corners.y), growing.place(corners.z))
        let turns = [Triangulation.turn(a, b, place), Triangulation.turn(b, c, place), Triangulation.turn(c, a, place)]
        #expect(turns.allSatisfy { $0 >= 0 }, "seed \(testSeed)")
      }
    }
  }

  @Test func `triangles that reach beyond what is known are told`() {
    var generator = SeededGenerator(seed: testSeed)
    // Few places lie on the border of what is known, and make triangles too flat for a hasty look.
    for limit in [Int32](repeating: 60, count: 60) + [1_000_000, 1 << 30] {
      let points = random(400, below: limit, &generator)
      let side = Double(limit)
      let zone = PlaneBox(low: SIMD2(repeating: 0.3 * side), high: SIMD2(repeating: 0.6 * side))
      let known = PlaneBox(low: SIMD2(repeating: 0.2 * side), high: SIMD2(repeating: 0.7 * side))
      let inside = points.filter { known.contains(SIMD2<Double>($0)) }
      var numbers: [Int32] = []
      let growing = GrowingTriangulation(inside, numbers: &numbers)
      let told = Set(growing.trianglesReaching(beyond: known, on: zone))
      for triangle in 0..<Int32(growing.triangleCount) where !told.contains(triangle) {
        guard let corners = growing.corners(of: triangle) else { continue }
        let places = [corners.x, corners.y, corners.z].map { SIMD2<Double>(growing.place($0)) }
        guard places.contains(where: zone.contains) else { continue }
        let changing = points.filter { growing.isWithin($0, reachOf: triangle) }
        #expect(changing.isEmpty, "seed \(testSeed)")
      }
      #expect(told.count < growing.triangleCount)
    }
  }

  @Test func `it can be stopped`() {
    var asked = 0
    var numbers: [Int32] = []
    let points = (0..<100_000).map { Point(Int32($0 % 317), Int32($0 / 317)) }
    _ = GrowingTriangulation(points, numbers: &numbers) {
      asked += 1
      return asked < 3
    }
    #expect(asked == 3 && numbers.contains(-1))
  }
}
