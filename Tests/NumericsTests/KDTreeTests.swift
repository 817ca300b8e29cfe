import Numerics
import Synchronization
import Testing

@Suite struct KDTreeTests {
  /// By distance as the tree computes it, then by index.
  private func sorted(_ points: [SIMD3<Double>], around place: SIMD3<Double>, _ tree: KDTree) -> [Neighbour] {
    points.enumerated().map { index, point in
      let offset = (point - tree.origin) - (place - tree.origin)
      return Neighbour(index: index, squaredDistance: dot(offset, offset))
    }.sorted { ($0.squaredDistance, $0.index) < ($1.squaredDistance, $1.index) }
  }

  @Test(arguments: TestCloud.allCases, [1, 2, 7, 20, 40, 2_000])
  func `the nearest are those of a search of all points`(cloud: TestCloud, k: Int) throws {
    let points = cloud.points(seed: 1)
    let tree = KDTree(try Coordinates(points), threads: 2)
    let table = tree.nearestNeighbours(k: k, threads: 2)
    #expect(table.k == min(k, points.count))
    for index in stride(from: 0, to: points.count, by: 7) {
      let expected = sorted(points, around: points[index], tree).prefix(k)
      let row = index * table.k..<(index + 1) * table.k
      #expect(table.indices[row].map(Int.init) == expected.map(\.index))
      #expect(Array(table.squaredDistances[row]) == expected.map(\.squaredDistance))
      #expect(tree.nearest(to: points[index], k: k) == Array(expected))
    }
  }

  @Test(arguments: TestCloud.allCases) func `places beside the points have their nearest`(cloud: TestCloud) throws {
    let points = cloud.points(seed: 2)
    let tree = KDTree(try Coordinates(points))
    let places = TestCloud.even.points(seed: 3).map { $0 * 3 - 10 + points[0] }
    let table = tree.nearest(to: try Coordinates(places), k: 5, threads: 2)
    for index in stride(from: 0, to: places.count, by: 31) {
      let expected = sorted(points, around: places[index], tree).prefix(5)
      #expect(table.indices[index * table.k..<(index + 1) * table.k].map(Int.init) == expected.map(\.index))
    }
  }

  @Test(arguments: TestCloud.allCases, [0, 0.3, 1, 5, 1e9])
  func `all within a radius are found`(cloud: TestCloud, radius: Double) throws {
    let points = cloud.points(seed: 4)
    let tree = KDTree(try Coordinates(points))
    let swept = Mutex([Int: [Int]]())
    #expect(
      tree.forEachNeighbourhood(radius: radius, isSorted: true, threads: 2) { found in
        let indices = (0..<found.count).map { found.index($0) }
        swept.withLock { $0[found.point] = indices }
      })
    let counts = tree.neighbourCounts(radius: radius, threads: 2)
    let enough = tree.neighbourCounts(radius: radius, enough: 4, threads: 2)
    for index in stride(from: 0, to: points.count, by: 13) {
      let expected = sorted(points, around: points[index], tree).filter { $0.squaredDistance <= radius * radius }
      #expect(tree.within(radius, of: points[index]) == expected)
      #expect(swept.withLock { $0[index] } == expected.map(\.index))
      #expect(Int(counts[index]) == expected.count)
      #expect(min(4, enough[index]) == min(4, counts[index]))
    }
  }

  @Test func `a sweep shows every point once, whatever the number of threads`() throws {
    let tree = KDTree(try Coordinates(TestCloud.surface.points(seed: 5) + TestCloud.duplicates.points(seed: 6)))
    func sweep(_ threads: Int) -> [Int: [Double]] {
      let shown = Mutex([Int: [Double]]())
      tree.forEachNeighbourhood(k: 9, threads: threads) { found in
        let distances = (0..<found.count).map { found.squaredDistance($0) }
        shown.withLock {
          #expect($0[found.point] == nil)
          $0[found.point] = distances
        }
      }
      return shown.withLock { $0 }
    }
    let one = sweep(1)
    #expect(one.count == tree.count)
    #expect(sweep(3) == one)
  }

  @Test func `trees of several threads are the same`() throws {
    let points = try Coordinates(TestCloud.even.points(seed: 7))
    let table = KDTree(points, threads: 1).nearestNeighbours(k: 6)
    let other = KDTree(points, threads: 4).nearestNeighbours(k: 6, threads: 4)
    #expect(table.indices == other.indices && table.squaredDistances == other.squaredDistances)
  }

  @Test func `a tree of nothing finds nothing`() throws {
    let tree = KDTree(try Coordinates([]))
    #expect(tree.nearest(to: .zero, k: 3).isEmpty)
    #expect(tree.within(1, of: .zero).isEmpty)
    #expect(tree.nearestNeighbours(k: 3).indices.isEmpty)
    #expect(tree.neighbourCounts(radius: 1).isEmpty)
    #expect(tree.forEachNeighbourhood(k: 3) { _ in })
  }

  @Test func `a sweep that is no longer wanted ends`() throws {
    let tree = KDTree(try Coordinates(TestCloud.even.points(seed: 8)))
    let shown = Mutex(0)
    #expect(!tree.forEachNeighbourhood(k: 3, keepGoing: { false }) { _ in shown.withLock { $0 += 1 } })
    #expect(shown.withLock { $0 } == 0)
  }

  @Test func `what is no coordinate is refused, with its place`() {
    #expect(throws: CoordinatesError.notFinite(axis: 1, index: 10)) {
      try Coordinates(
        x: Array(repeating: 0, count: 12), y: (0..<12).map { $0 == 10 ? .nan : 1 }, z: Array(repeating: 0, count: 12))
    }
    #expect(throws: CoordinatesError.notFinite(axis: 2, index: 0)) { try Coordinates(x: [0], y: [0], z: [-.infinity]) }
    #expect(throws: CoordinatesError.notFinite(axis: 0, index: 0)) { try Coordinates(x: [1e200], y: [0], z: [0]) }
    #expect(throws: CoordinatesError.columnsDiffer(x: 1, y: 0, z: 1)) { try Coordinates(x: [0], y: [], z: [1]) }
  }
}
