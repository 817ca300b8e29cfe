import Numerics
import PointClouds
import StrataCore
import Testing

@Suite struct SegmentationTests {
  /// DBSCAN as one writes it down: all pairs.
  private func clusters(_ points: Coordinates, radius: Double, neighbours: Int) -> [Int32] {
    let near = (0..<points.count).map { a in
      (0..<points.count).filter { squaredLength(points[a] - points[$0]) <= radius * radius }
    }
    let isCore = near.map { $0.count >= neighbours }
    var labels = [Int32](repeating: -1, count: points.count)
    var count: Int32 = 0
    for start in 0..<points.count where isCore[start] && labels[start] < 0 {
      var open = [start]
      labels[start] = count
      while let index = open.popLast() {
        for other in near[index] where isCore[other] && labels[other] < 0 {
          labels[other] = count
          open.append(other)
        }
      }
      count += 1
    }
    for index in 0..<points.count where !isCore[index] {
      let cores = near[index].filter { isCore[$0] }
      let best = cores.min {
        (squaredLength(points[$0] - points[index]), $0) < (squaredLength(points[$1] - points[index]), $1)
      }
      if let best { labels[index] = labels[best] }
    }
    return labels
  }

  @Test(arguments: [0.1, 0.5, 1.2, 200], [1, 4, 12]) func `clusters are those of all pairs`(
    radius: Double, neighbours: Int
  ) throws {
    var random = SeededGenerator(seed: 11)
    let points = try Coordinates(
      (0..<700).map { number -> SIMD3<Double> in
        let centre = SIMD3(Double(number % 5) * 4, Double(number % 3) * 3, 0)
        return centre + SIMD3(random.normal(), random.normal(), random.normal()) * 0.6
      })
    let expected = clusters(points, radius: radius, neighbours: neighbours)
    let kernel = try DensityClustering(radius: radius, neighbours: neighbours)
    let found = try kernel.clusters(in: KDTree(points), threads: 3)
    #expect(found.labels == expected)
    #expect(found.count == Int(expected.max() ?? -1) + 1)
    #expect(try kernel.clusters(in: KDTree(points)) == found)
  }

  @Test func `a point at exactly the radius is a neighbour`() throws {
    let tree = KDTree(try Coordinates([0.0, 1, 2, 3.001].map { SIMD3($0, 0, 0) }))
    #expect(try DensityClustering(radius: 1, neighbours: 2).clusters(in: tree).labels == [0, 0, 0, -1])
    #expect(try DensityClustering(radius: 1, neighbours: 2).clusters(in: KDTree(Coordinates([]))).count == 0)
  }

  /// A floor of 40 by 40, a wall on it of 40 by 10, and points anywhere.
  private func room(noise: Int = 300) throws -> Coordinates {
    var random = SeededGenerator(seed: 5)
    func at(_ x: Double, _ y: Double, _ z: Double) -> SIMD3<Double> { SIMD3(500_000 + x, 5_000_000 + y, 100 + z) }
    let floor = (0..<3_000).map { _ in at(random.number(in: 0...40), random.number(in: 0...40), 0.01 * random.normal())
    }
    let wall = (0..<1_200).map { _ in
      at(random.number(in: 0...40), 20 + 0.01 * random.normal(), random.number(in: 1...10))
    }
    let other = (0..<noise).map { _ in
      at(random.number(in: 0...40), random.number(in: 0...40), random.number(in: 1...20))
    }
    return try Coordinates(floor + wall + other)
  }

  @Test func `random trials find the floor, then the wall`() throws {
    let points = try room()
    let search = try PlaneSampling(distance: 0.06, trials: 500, planes: 2, seed: 1)
    let found = try search.segments(of: points, threads: 2)
    #expect(found.count == 2)
    #expect(found[0].plane.normal.z > 0.99999 && abs(found[1].plane.normal.y) > 0.9999)
    #expect(found[0].indices.prefix(3_000).elementsEqual(0..<3_000))
    #expect(found[1].indices.count { (3_000..<4_200).contains($0) } > 1_190)
    #expect(try search.segments(of: points, threads: 1) == found)
    #expect(
      try PlaneSampling(distance: 0.06, trials: 500, missProbability: 0, planes: 2, seed: 1).segments(of: points).count
        == 2)
  }

  @Test func `giving up trials changes no result`() throws {
    // So few trials that all of them matter: the best of a few seeds must be that of counting everything.
    let points = try room(noise: 5_000)
    for seed in 0..<5 {
      let one = try PlaneSampling(distance: 0.05, trials: 7, missProbability: 0, seed: UInt64(seed))
      #expect(try one.segments(of: points, threads: 1) == one.segments(of: points, threads: 4))
    }
  }

  @Test func `there is no plane through a line`() throws {
    let line = try Coordinates((0..<100).map { SIMD3(1, 2, 3) * Double($0) })
    #expect(try PlaneSampling(distance: 0.1, seed: 1).segments(of: line).isEmpty)
    #expect(try PlaneSampling(distance: 0.1, seed: 1).segments(of: Coordinates([])).isEmpty)
    let same = try Coordinates(Array(repeating: SIMD3(1, 1, 1), count: 50))
    #expect(try PlaneSampling(distance: 0.1, seed: 1).segments(of: same).isEmpty)
  }

  @Test func `planes grow to the floor and the wall`() throws {
    let points = try room()
    let tree = KDTree(points)
    let normals = try NormalEstimation(neighbours: 12).normals(of: points, in: tree)
    let found = try PlaneGrowing(distance: 0.06, least: 200).segments(of: points, in: tree, normals: normals)
    #expect(found.count == 2)
    #expect(found[0].indices.count > 2_700 && found[0].plane.normal.z > 0.9999)
    #expect(found[1].indices.count > 1_000 && abs(found[1].plane.normal.y) > 0.9999)
    #expect(Set(found[0].indices).isDisjoint(with: found[1].indices))
  }

  @Test func `parameters outside their range are refused, and unwanted work ends`() throws {
    #expect(throws: PointCloudError.self) { try DensityClustering(radius: -1) }
    #expect(throws: PointCloudError.self) { try PlaneSampling(distance: 0.1, missProbability: 1, seed: 1) }
    #expect(throws: PointCloudError.self) { try PlaneSampling(distance: 0.1, trials: 0, seed: 1) }
    #expect(throws: PointCloudError.self) { try PlaneGrowing(distance: .nan) }
    let points = try room()
    let tree = KDTree(points)
    let normals = try NormalEstimation().normals(of: points, in: tree)
    let errors = [
      #expect(throws: PointCloudError.self) { try DensityClustering(radius: 1).clusters(in: tree) { false } },
      #expect(throws: PointCloudError.self) {
        try PlaneSampling(distance: 0.1, seed: 1).segments(of: points) { false }
      },
      #expect(throws: PointCloudError.self) {
        try PlaneGrowing(distance: 0.1).segments(of: points, in: tree, normals: normals) { false }
      },
    ]
    #expect(errors.allSatisfy { $0?.code == .cancelled })
  }
}
