import Glibc
import Numerics
import PointClouds
import StrataCore
import TestSupport
import Testing

@Suite struct ChangeDetectionTests {
  /// Points evenly spread over a tilted plane through a place, with normal noise along its normal.
  private struct Plane {
    var normal: SIMD3<Double>
    var through = SIMD3<Double>(681_000, 5_412_000, 300)
    var noise = 0.0

    init(_ normal: SIMD3<Double>) { self.normal = normal / squaredLength(normal).squareRoot() }

    func points(_ count: Int, side: Double = 20, shift: Double = 0, seed: UInt64) -> [SIMD3<Double>] {
      var random = SeededGenerator(seed: seed)
      let u = cross(normal, SIMD3(0.6, 0.8, 0.1))
      let first = u / squaredLength(u).squareRoot()
      let second = cross(normal, first)
      return (0..<count).map { _ in
        let (a, b) = (random.number(in: 0...side), random.number(in: 0...side))
        return through + first * a + second * b + normal * (shift + noise * random.normal())
      }
    }
  }

  private let tilted = Plane(SIMD3(0.3, -0.5, 0.8))

  private func trees(_ plane: Plane, shift: Double, count: Int = 20_000) throws -> (Coordinates, KDTree, KDTree) {
    let before = try Coordinates(plane.points(count, seed: testSeed))
    let after = try Coordinates(plane.points(count, shift: shift, seed: testSeed &+ 1))
    return (before, KDTree(before), KDTree(after))
  }

  @Test(arguments: ChangeDetection.Average.allCases)
  func `a plane that has moved along its normal has moved by that much`(average: ChangeDetection.Average) throws {
    let (points, before, after) = try trees(tilted, shift: 0.37)
    func changes(_ orientation: ChangeDetection.Orientation) throws -> Changes {
      try ChangeDetection(
        direction: .normals(diameters: [2], orientation: orientation), diameter: 1, depth: 2, average: average
      ).changes(at: points, from: before, to: after, threads: 2)
    }
    let up = try changes(.up)
    #expect(up.count == points.count && up.distances.allSatisfy { abs($0 - 0.37) < 1e-7 })
    #expect(up.normals.allSatisfy { dot($0, tilted.normal) > 1 - 1e-9 })
    #expect((0..<up.count).allSatisfy { up.isSignificant($0) })
    // Seen from below, the plane has moved away.
    let below = try changes(.towards(tilted.through - tilted.normal * 50))
    #expect(below.distances.allSatisfy { abs($0 + 0.37) < 1e-7 })
  }

  @Test func `vertical distances are those of heights`() throws {
    let (points, before, after) = try trees(tilted, shift: 0.2)
    let vertical = try ChangeDetection(direction: .vertical, diameter: 0.5, depth: 3)
    let found = try vertical.changes(at: points, from: before, to: after, threads: 2)
    // Means of two samples of a slope: their centres differ, by a share of the diameter.
    let known = found.distances.filter { !$0.isNaN }
    #expect(known.count > 15_000)
    #expect(abs(known.reduce(0, +) / Double(known.count) - 0.2 / tilted.normal.z) < 2e-3)
  }

  @Test(arguments: ChangeDetection.Average.allCases)
  func `the level of detection is what noise alone exceeds one time in twenty`(
    average: ChangeDetection.Average
  ) throws {
    var plane = tilted
    plane.noise = 0.05
    let (_, before, after) = try trees(plane, shift: 0, count: 200_000)
    // Cores farther apart than the cylinder's diameter: their distances are independent.
    var flat = plane
    flat.noise = 0
    let all = try Coordinates(flat.points(60_000, seed: testSeed &+ 2))
    let cores = try Coordinates(PoissonThinning(radius: 0.5, seed: 1).indices(of: all).map { all[Int($0)] })
    let detection = try ChangeDetection(
      direction: .normals(diameters: [4], orientation: .up), diameter: 0.5, depth: 1, average: average, least: 30)
    let found = try detection.changes(at: cores, from: before, to: after, threads: 2)
    let known = (0..<cores.count).filter { !found.distances[$0].isNaN }
    #expect(known.count > 800)
    let alarms = Double(known.filter { found.isSignificant($0) }.count) / Double(known.count)
    // 5 % of some 1,200 with a standard deviation of 0.6 %; quartiles of about a hundred points are noisy, too.
    #expect(alarms > 0.02 && alarms < 0.085, "\(alarms) of \(known.count)")
    for core in known {
      let (one, two) = (Double(found.spreads.reference[core]), Double(found.spreads.later[core]))
      let (m, n) = (Double(found.counts.reference[core]), Double(found.counts.later[core]))
      #expect(abs(one - 0.05) < 0.04 && abs(two - 0.05) < 0.04)
      let factor = average == .mean ? 1.96 : 1.96 * (Double.pi / 2).squareRoot()
      let expected = factor * (one * one / m + two * two / n).squareRoot()
      #expect(abs(found.levelsOfDetection[core] - expected) < 1e-6)
    }
    let shifted = try ChangeDetection(
      direction: detection.direction, diameter: 0.5, depth: 1, registrationError: 0.1, average: average, least: 30
    ).changes(at: cores, from: before, to: after)
    #expect(
      known.allSatisfy { abs(shifted.levelsOfDetection[$0] - found.levelsOfDetection[$0] - 0.196) < 1e-12 })
  }

  @Test func `means, medians and spreads are those of the points in the cylinder`() throws {
    var plane = tilted
    plane.noise = 0.1
    let (points, before, after) = try trees(plane, shift: 0.3, count: 3_000)
    let cores = try Coordinates(stride(from: 0, to: points.count, by: 100).map { points[$0] })
    for average in ChangeDetection.Average.allCases {
      let found = try ChangeDetection(
        direction: .normals(diameters: [3], orientation: .up), diameter: 2, depth: 1.5, average: average
      ).changes(at: cores, from: before, to: after)
      for core in 0..<cores.count {
        let moments = before.within(1.5, of: cores[core]).reduce(into: Moments3()) {
          $0.add(points[$1.index] - cores[core])
        }
        let normal = moments.covariance.jacobiEigensystem().vectors.third
        #expect(abs(abs(dot(normal, found.normals[core])) - 1) < 1e-9)
        let along = points.all.map { $0 - cores[core] }.filter {
          let t = dot($0, found.normals[core])
          return abs(t) <= 1.5 && squaredLength($0 - found.normals[core] * t) <= 1
        }.map { dot($0, found.normals[core]) }.sorted()
        #expect(Int(found.counts.reference[core]) == along.count)
        let mean = along.reduce(0, +) / Double(along.count)
        let deviation = (along.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Double(along.count - 1)).squareRoot()
        func quantile(_ share: Double) -> Double {
          let rank = share * Double(along.count - 1)
          let low = Int(rank)
          return along[low] + (along[min(low + 1, along.count - 1)] - along[low]) * (rank - Double(low))
        }
        let range = (quantile(0.75) - quantile(0.25)) / 1.3489795
        #expect(abs(Double(found.spreads.reference[core]) - (average == .mean ? deviation : range)) < 1e-6)
      }
    }
  }

  @Test func `the most planar scale is chosen, where it has points enough`() throws {
    var plane = Plane(SIMD3(0, 0, 1))
    plane.noise = 0.1
    let points = try Coordinates(plane.points(40_000, seed: testSeed))
    let tree = KDTree(points)
    let cores = try Coordinates((0..<50).map { points[$0 * 800] })
    func normals(_ diameters: [Double]) throws -> [SIMD3<Double>] {
      try ChangeDetection(direction: .normals(diameters: diameters, orientation: .up), diameter: 1, depth: 1).changes(
        at: cores, from: tree, to: tree
      ).normals
    }
    // Of rough ground the largest scale is the flattest. A scale of three points would be flat, and is not asked.
    for (several, one) in zip(try normals([0.7, 5, 1]) + normals([0.15, 5]), try normals([5]) + normals([5])) {
      #expect(dot(several, one) > 1 - 1e-12)
    }
    // A ridge is flat near a point of its side, and not farther away.
    var random = SeededGenerator(seed: testSeed)
    let ridge = (0..<40_000).map { _ -> SIMD3<Double> in
      let x = random.number(in: -10...10)
      return SIMD3(x, random.number(in: 0...20), -abs(x) + 0.01 * random.normal())
    }
    let ridgeTree = KDTree(try Coordinates(ridge))
    let side = try Coordinates([SIMD3(3, 10, -3), SIMD3(-4, 12, -4)])
    let found = try ChangeDetection(
      direction: .normals(diameters: [2, 16], orientation: .up), diameter: 1, depth: 1
    ).changes(at: side, from: ridgeTree, to: ridgeTree).normals
    #expect(dot(found[0], SIMD3(0.5.squareRoot(), 0, 0.5.squareRoot())) > 0.9999)
    #expect(dot(found[1], SIMD3(-0.5.squareRoot(), 0, 0.5.squareRoot())) > 0.9999)
  }

  @Test func `nothing is said where there are too few points, and threads change nothing`() throws {
    var plane = tilted
    plane.noise = 0.02
    let (points, before, after) = try trees(plane, shift: 0.1, count: 4_000)
    let detection = try ChangeDetection(
      direction: .normals(diameters: [1.5], orientation: .up), diameter: 0.6, depth: 1, least: 5)
    let one = try detection.changes(at: points, from: before, to: after)
    let four = try detection.changes(at: points, from: before, to: after, threads: 4)
    #expect(one.distances.map(\.bitPattern) == four.distances.map(\.bitPattern))
    #expect(one.levelsOfDetection.map(\.bitPattern) == four.levelsOfDetection.map(\.bitPattern))
    for core in 0..<one.count {
      let isEnough = min(one.counts.reference[core], one.counts.later[core]) >= 5
      #expect(one.distances[core].isNaN == !isEnough && one.levelsOfDetection[core].isNaN == !isEnough)
      if !isEnough { #expect(!one.isSignificant(core)) }
    }
    #expect(one.distances.contains { $0.isNaN } && one.distances.contains { !$0.isNaN })
    let nothing = KDTree(try Coordinates([]))
    let far = try Coordinates([SIMD3(0, 0, 0)])
    #expect(try detection.changes(at: points, from: before, to: nothing).distances.allSatisfy(\.isNaN))
    #expect(try detection.changes(at: points, from: nothing, to: after).normals.allSatisfy(\.x.isNaN))
    #expect(try detection.changes(at: far, from: before, to: after).distances.allSatisfy(\.isNaN))
    #expect(try detection.changes(at: Coordinates([]), from: before, to: after).count == 0)
    // Points in one place and points on a line have no normal.
    let same = KDTree(try Coordinates(Array(repeating: SIMD3(5, 5, 5), count: 50)))
    let line = KDTree(try Coordinates((0..<50).map { SIMD3(5 + 0.01 * Double($0), 5, 5) }))
    for tree in [same, line] {
      let found = try detection.changes(at: Coordinates([SIMD3(5, 5, 5)]), from: tree, to: tree)
      #expect(found.distances[0].isNaN && found.normals[0].x.isNaN)
    }
  }

  @Test func `parameters outside their range are refused, and unwanted work ends`() throws {
    func refuse(
      _ diameters: [Double] = [1], diameter: Double = 1, depth: Double = 1, error: Double = 0, least: Int = 4
    ) {
      let thrown = #expect(throws: PointCloudError.self) {
        try ChangeDetection(
          direction: .normals(diameters: diameters, orientation: .up), diameter: diameter, depth: depth,
          registrationError: error, least: least)
      }
      #expect(thrown?.code == .invalidParameter)
    }
    refuse([])
    refuse([1, -1])
    refuse(Array(repeating: 1, count: 17))
    refuse(diameter: .nan)
    refuse(depth: .infinity)
    refuse(depth: 1e300)
    refuse(error: -0.1)
    refuse(least: 1)
    #expect(throws: PointCloudError.self) {
      try ChangeDetection(
        direction: .normals(diameters: [1], orientation: .towards(SIMD3(0, .nan, 0))), diameter: 1, depth: 1)
    }
    let (points, before, after) = try trees(tilted, shift: 0.1, count: 500)
    for direction in [ChangeDetection.Direction.vertical, .normals(diameters: [1], orientation: .up)] {
      let detection = try ChangeDetection(direction: direction, diameter: 1, depth: 1)
      let thrown = #expect(throws: PointCloudError.self) {
        try detection.changes(at: points, from: before, to: after) { false }
      }
      #expect(thrown?.code == .cancelled)
    }
  }
}
