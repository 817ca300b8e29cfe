import Numerics
import Synchronization
import Testing

@Suite struct PlaceSweepTests {
  private func shown(_ count: Int, _ body: (@escaping @Sendable (Neighbourhood) -> Void) -> Bool) -> [[Int]] {
    let found = Mutex([[Int]](repeating: [-1], count: count))
    #expect(
      body { neighbourhood in
        let indices = (0..<neighbourhood.count).map { neighbourhood.index($0) }.sorted()
        found.withLock { $0[neighbourhood.point] = indices }
      })
    return found.withLock { $0 }
  }

  @Test(arguments: TestCloud.allCases, [0.0, 0.4, 3, 1e9])
  func `spheres around places hold what a search of all points finds`(cloud: TestCloud, radius: Double) throws {
    let points = cloud.points(seed: 4)
    let tree = KDTree(try Coordinates(points), threads: 2)
    let places = points.prefix(40) + TestCloud.even.points(seed: 5).prefix(40).map { $0 + points[0] - 2 }
    let found = shown(places.count) { body in
      tree.forEachNeighbourhood(
        around: try! Coordinates(Array(places)), radius: radius, threads: 2, body)
    }
    for (number, place) in places.enumerated() {
      #expect(found[number] == tree.within(radius, of: place).map(\.index).sorted())
    }
  }

  @Test(arguments: TestCloud.allCases, [SIMD2(0.5, 2), SIMD2(3, 0.2), SIMD2(1e9, 1e9), SIMD2(0.3, 1e7)])
  func `cylinders hold what a search of all points finds`(cloud: TestCloud, size: SIMD2<Double>) throws {
    let points = cloud.points(seed: 6)
    let tree = KDTree(try Coordinates(points), threads: 2)
    let places = points.prefix(30) + TestCloud.even.points(seed: 7).prefix(30).map { $0 + points[0] - 2 }
    let axes = TestCloud.even.points(seed: 8).prefix(places.count).enumerated().map { number, raw in
      if number == 5 { return SIMD3(repeating: Double.nan) }
      if number % 3 == 0 { return SIMD3(0.0, 0, 1) }
      let axis = raw - 5
      return axis / dot(axis, axis).squareRoot()
    }
    let found = shown(places.count) { body in
      tree.forEachCylinder(
        around: try! Coordinates(Array(places)), along: axes, radius: size.x, reach: size.y, threads: 2, body)
    }
    for (number, place) in places.enumerated() {
      // Where an axis is no direction, nothing is shown.
      let expected = points.indices.filter { index in
        let offset = (points[index] - tree.origin) - (place - tree.origin)
        let along = dot(offset, axes[number])
        let across = offset - axes[number] * along
        return abs(along) <= size.y && dot(across, across) <= size.x * size.x
      }
      #expect(found[number] == (number == 5 ? [-1] : expected), "place \(number)")
    }
  }

  @Test func `an unwanted sweep over places ends`() throws {
    let points = try Coordinates(TestCloud.even.points(seed: 9))
    let tree = KDTree(points)
    #expect(!tree.forEachNeighbourhood(around: points, radius: 1, keepGoing: { false }) { _ in })
    let none = try Coordinates([])
    #expect(tree.forEachNeighbourhood(around: none, radius: 1) { _ in })
  }
}
