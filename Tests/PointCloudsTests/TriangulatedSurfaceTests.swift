import PointClouds
import StrataCore
import TestSupport
import Testing

@Suite struct TriangulatedSurfaceTests {
  private func cloud(_ points: [NewPoint], scale: Double = 0.001) throws -> PointCloud {
    try PointCloud(points: points, scale: scale, systemIdentifier: "", generatingSoftware: "test")
  }

  private func all(_ cloud: PointCloud) -> [Bool] { [Bool](repeating: true, count: cloud.count) }

  @Test func `it is a plane through points of a plane, and meets points of none`() throws {
    var random = SeededGenerator(seed: testSeed)
    let points = (0..<2_000).map { index in
      let (x, y) = (Double.random(in: 0..<100, using: &random), Double.random(in: 0..<100, using: &random))
      return NewPoint(x: x, y: y, z: index < 1_000 ? 3 + 0.25 * x - 0.5 * y : .random(in: 0..<9, using: &random))
    }
    let plane = try cloud(Array(points.prefix(1_000)))
    let surface = try TriangulatedSurface(plane, isPart: all(plane), reach: 1_000)
    for _ in 0..<1_000 {
      let place = SIMD2(Double.random(in: 20..<80, using: &random), Double.random(in: 20..<80, using: &random))
      let height = try #require(surface.height(place), "seed \(testSeed)")
      #expect(abs(height - (3 + 0.25 * place.x - 0.5 * place.y)) < 0.002, "seed \(testSeed)")
    }
    let rough = try cloud(points)
    let roughSurface = try TriangulatedSurface(rough, isPart: all(rough), reach: 0.001, threads: 2)
    for point in points {
      let height = try #require(roughSurface.height(SIMD2(point.x, point.y)), "seed \(testSeed)")
      #expect(abs(height - point.z) < 0.0006, "seed \(testSeed)")
    }
  }

  @Test func `of points at one place the lowest counts, and only those that are part`() throws {
    let corners = [(0.0, 0.0), (10, 0), (0, 10), (10, 10)].map { NewPoint(x: $0.0, y: $0.1, z: 1) }
    let scan = try cloud(corners + corners.map { NewPoint(x: $0.x, y: $0.y, z: 5) } + [NewPoint(x: 5, y: 5, z: 9)])
    let isPart = (0..<9).map { $0 < 8 }
    let surface = try TriangulatedSurface(scan, isPart: isPart, reach: 100)
    #expect(surface.height(SIMD2(5, 5)) == 1 && surface.height(SIMD2(10, 3)) == 1)
    #expect(surface.height(SIMD2(10.1, 3)) == nil && surface.height(SIMD2(.nan, 3)) == nil)
    #expect(surface.height(SIMD2(1e300, -1e300)) == nil)
  }

  @Test func `beyond its reach there is none but at the points`() throws {
    let points = [(0.0, 0.0), (1, 0), (0, 1), (1, 1), (50, 0), (50, 1)].map { NewPoint(x: $0.0, y: $0.1, z: 2) }
    let scan = try cloud(points)
    let surface = try TriangulatedSurface(scan, isPart: all(scan), reach: 1)
    #expect(surface.height(SIMD2(0.4, 0.5)) == 2 && surface.height(SIMD2(50, 1)) == 2)
    #expect(surface.height(SIMD2(25, 0.5)) == nil)
  }

  @Test func `a tile has the heights of the whole, to the last bit`() throws {
    var random = SeededGenerator(seed: testSeed)
    // Places in steps of half a unit: many lie on circles, on lines, and on one another.
    let points = (0..<20_000).map { _ in
      NewPoint(
        x: Double(Int.random(in: 0..<240, using: &random)) / 2, y: Double(Int.random(in: 0..<240, using: &random)) / 2,
        z: .random(in: 0..<20, using: &random))
    }
    let whole = try cloud(points)
    let reach = 3.0
    let surface = try TriangulatedSurface(whole, isPart: all(whole), reach: reach, threads: 2)
    let part = points.map { (40 - 2 * reach...80 + 2 * reach).contains($0.x) }
    let tile = try TriangulatedSurface(whole, isPart: part, reach: reach)
    for row in 0..<200 {
      for column in 0..<200 {
        let place = SIMD2(40 + Double(column) / 5, 20 + Double(row) / 5)
        #expect(surface.height(place) == tile.height(place), "seed \(testSeed), \(place)")
      }
    }
  }

  @Test func `points on a line and two points have no surface`() throws {
    for count in [1, 2, 30] {
      let scan = try cloud((0..<count).map { NewPoint(x: Double($0), y: Double($0), z: 0) })
      let surface = try TriangulatedSurface(scan, isPart: all(scan), reach: 100)
      #expect(surface.height(SIMD2(0, 0)) == nil)
    }
    let none = try cloud([])
    let error = #expect(throws: PointCloudError.self) { try TriangulatedSurface(none, isPart: [], reach: 1) }
    #expect(error?.code == .empty)
  }

  @Test func `it can be stopped`() throws {
    let scan = try ScanSimulator(seed: 5, points: 5_000).makeCloud()
    let error = #expect(throws: PointCloudError.self) {
      try TriangulatedSurface(scan, isPart: all(scan), reach: 10, keepGoing: { false })
    }
    #expect(error?.code == .cancelled)
  }
}
