import Glibc
import Numerics
import PointClouds
import Testing

@Suite struct NeighbourhoodTests {
  /// Covariance as one writes it down, and its eigenvalues by Jacobi's rotations.
  private func system(_ points: [SIMD3<Double>]) -> Eigensystem3 {
    let mean = points.map { $0 - points[0] }.reduce(.zero, +) / Double(points.count)
    var moments = Moments3()
    for point in points { moments.add(point - points[0] - mean) }
    return moments.covariance.jacobiEigensystem()
  }

  @Test func `normals and features are those of the nearest points`() throws {
    let points = try KernelCloud.terrain(3_000)
    let tree = KDTree(points, threads: 2)
    let normals = try NormalEstimation(neighbours: 20).normals(of: points, in: tree, threads: 2)
    let table = try EigenFeatureKernel(scales: [20, 8, 50]).features(of: tree, threads: 2)
    #expect(table.scales == [8, 20, 50])
    for index in stride(from: 0, to: points.count, by: 11) {
      for (scale, k) in table.scales.enumerated() {
        let near = tree.nearest(to: points[index], k: k).map { points[$0.index] }
        let expected = system(near)
        let (first, second, third) = (expected.values.x, expected.values.y, expected.values.z)
        let found = table.features(of: index, scale: scale)
        #expect(abs(Double(found.linearity) - (first - second) / first) < 1e-5)
        #expect(abs(Double(found.planarity) - (second - third) / first) < 1e-5)
        #expect(abs(Double(found.sphericity) - third / first) < 1e-5)
        #expect(abs(Double(found.anisotropy) - (first - third) / first) < 1e-5)
        #expect(abs(Double(found.omnivariance) / cbrt(first * second * third) - 1) < 1e-5)
        #expect(abs(Double(found.surfaceVariation) - third / (first + second + third)) < 1e-5)
        #expect(abs(Double(found.verticality) - 1 + abs(expected.vectors.third.z)) < 1e-5)
        let shares = expected.values / expected.values.sum()
        #expect(abs(Double(found.eigenentropy) + (0..<3).map { shares[$0] * log(shares[$0]) }.reduce(0, +)) < 1e-5)
        guard k == 20 else { continue }
        let normal = SIMD3<Double>(normals.directions[index])
        #expect(abs(abs(dot(normal, expected.vectors.third)) - 1) < 1e-6)
        #expect(normal.z >= 0)
      }
    }
  }

  @Test func `features know lines, planes and volumes`() throws {
    let line = KDTree(try Coordinates((0..<100).map { SIMD3(1, 1, 2) * Double($0) }))
    let plane = KDTree(try Coordinates((0..<400).map { SIMD3(Double($0 % 20), Double($0 / 20), 0) }))
    let volume = KDTree(try KernelCloud.lattice(9))
    let one = try EigenFeatureKernel(scales: [27])
    #expect(try abs(one.features(of: line).features(of: 50, scale: 0).linearity - 1) < 1e-6)
    let flat = try one.features(of: plane).features(of: 210, scale: 0)
    #expect(flat.planarity > 0.8 && flat.sphericity == 0 && flat.verticality == 0 && flat.surfaceVariation == 0)
    let round = try one.features(of: volume).features(of: 364, scale: 0)
    #expect(abs(round.sphericity - 1) < 1e-6 && abs(Double(round.eigenentropy) - log(3)) < 1e-6)
    let deviations = try EigenFeatureKernel(scales: [10], basis: .deviations)
    let variances = try EigenFeatureKernel(scales: [10])
    let tree = KDTree(try KernelCloud.terrain(500))
    let (a, b) = try (deviations.features(of: tree).features[7], variances.features(of: tree).features[7])
    #expect(abs(a.sphericity * a.sphericity - b.sphericity) < 1e-5)
    #expect(abs(a.omnivariance * a.omnivariance / b.omnivariance - 1) < 1e-4)
  }

  @Test func `points in one place have no shape`() throws {
    let points = try Coordinates(Array(repeating: SIMD3(3, 3, 3), count: 50))
    let tree = KDTree(points)
    #expect(try EigenFeatureKernel().features(of: tree).features.allSatisfy { $0 == EigenFeatures() })
    #expect(
      try NormalEstimation().normals(of: points, in: tree).directions.allSatisfy {
        abs(squaredLength(SIMD3<Double>($0)) - 1) < 1e-6
      })
    let none = KDTree(try Coordinates([]))
    #expect(try EigenFeatureKernel().features(of: none).features.isEmpty)
  }

  @Test func `normals of a sphere point where they are told to`() throws {
    let points = try KernelCloud.sphere(2_000)
    let tree = KDTree(points)
    let centre = SIMD3(100.0, 200, 50)
    func outward(_ orientation: NormalEstimation.Orientation) throws -> [Double] {
      let normals = try NormalEstimation(neighbours: 12, orientation: orientation).normals(
        of: points, in: tree, threads: 2)
      return (0..<points.count).map { dot(SIMD3<Double>(normals.directions[$0]), (points[$0] - centre) / 5) }
    }
    #expect(try outward(.towards(centre)).allSatisfy { $0 < -0.9 })
    #expect(try outward(.consistent).allSatisfy { $0 > 0.9 })
    #expect(try outward(.up).contains { $0 < -0.9 })
  }

  @Test func `two parts are turned each for itself`() throws {
    let sphere = try KernelCloud.sphere(600).all
    let points = try Coordinates(sphere + sphere.map { $0 + SIMD3(100, 0, 0) })
    let normals = try NormalEstimation(neighbours: 10, orientation: .consistent).normals(of: points, in: KDTree(points))
    for index in 0..<points.count {
      let centre = index < 600 ? SIMD3(100.0, 200, 50) : SIMD3(200.0, 200, 50)
      #expect(dot(SIMD3<Double>(normals.directions[index]), points[index] - centre) > 0)
    }
  }

  @Test func `lonely points are outliers by both rules`() throws {
    let surface = try KernelCloud.terrain(3_000).all
    let lonely = (0..<5).map { SIMD3(681_010 + 9 * Double($0), 5_412_020, 530) }
    let tree = KDTree(try Coordinates(surface + lonely))
    let statistical = try StatisticalOutliers(neighbours: 8, deviations: 4).find(in: tree, threads: 2)
    #expect(statistical.suffix(5).allSatisfy { $0 } && statistical.prefix(3_000).count { $0 } < 30)
    #expect(try StatisticalOutliers(neighbours: 8, deviations: 4).find(in: tree) == statistical)
    let radius = try RadiusOutliers(radius: 3, neighbours: 2).find(in: tree, threads: 2)
    #expect(radius.indices.filter { radius[$0] } == Array(3_000..<3_005))
  }

  @Test func `the numbers of neighbours mean what they say`() throws {
    let tree = KDTree(try Coordinates([0.0, 1, 2, 10].map { SIMD3($0, 0, 0) }))
    #expect(try RadiusOutliers(radius: 1, neighbours: 1).find(in: tree) == [false, false, false, true])
    #expect(try RadiusOutliers(radius: 1, neighbours: 2).find(in: tree) == [true, false, true, true])
    // Mean distances to two others: 1.5, 1, 1.5, 8.5; mean 3.125, deviation 3.591.
    #expect(try StatisticalOutliers(neighbours: 2, deviations: 1.49).find(in: tree) == [false, false, false, true])
    #expect(try StatisticalOutliers(neighbours: 2, deviations: 1.5).find(in: tree) == [false, false, false, false])
  }

  @Test func `parameters outside their range are refused, and unwanted work ends`() throws {
    #expect(throws: PointCloudError.self) { try NormalEstimation(neighbours: 2) }
    #expect(throws: PointCloudError.self) { try EigenFeatureKernel(scales: []) }
    #expect(throws: PointCloudError.self) { try EigenFeatureKernel(scales: [5, 2_000]) }
    #expect(throws: PointCloudError.self) { try StatisticalOutliers(neighbours: 8, deviations: .nan) }
    #expect(throws: PointCloudError.self) { try RadiusOutliers(radius: 0) }
    let points = try KernelCloud.terrain(500)
    let tree = KDTree(points)
    let errors = [
      #expect(throws: PointCloudError.self) { try NormalEstimation().normals(of: points, in: tree) { false } },
      #expect(throws: PointCloudError.self) { try EigenFeatureKernel().features(of: tree) { false } },
      #expect(throws: PointCloudError.self) { try StatisticalOutliers().find(in: tree) { false } },
      #expect(throws: PointCloudError.self) { try RadiusOutliers(radius: 1).find(in: tree) { false } },
    ]
    #expect(errors.allSatisfy { $0?.code == .cancelled })
  }
}
