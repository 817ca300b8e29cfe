import PointClouds
import Testing

@Suite struct ScanSimulatorTests {
  @Test func `the same seed gives the same scan and another seed another`() throws {
    let cloud = try ScanSimulator(seed: 5, points: 4_000).makeCloud()
    #expect(try ScanSimulator(seed: 5, points: 4_000).makeCloud().recordBytes == cloud.recordBytes)
    #expect(try ScanSimulator(seed: 6, points: 4_000).makeCloud().recordBytes != cloud.recordBytes)
  }

  @Test func `a scan says that it is simulated and has what it should`() throws {
    let cloud = try ScanSimulator(seed: 1, points: 50_000).makeCloud()
    #expect(cloud.count == 50_000)
    #expect(cloud.header.systemIdentifier == "SIMULATED")
    #expect(cloud.header.generatingSoftware.contains("Simulator"))
    #expect(try cloud.coordinateSystem()?.metresPerUnit == 1)
    #expect(Set(cloud.classifications()) == [2, 3, 4, 5, 6])
    #expect(zip(cloud.returnNumbers(), cloud.returnCounts()).allSatisfy { $0 >= 1 && $0 <= $1 })
    #expect(cloud.returnCounts().contains { $0 > 1 })
    let times = try #require(cloud.times())
    #expect(zip(times, times.dropFirst()).allSatisfy { $0 <= $1 })
  }

  @Test func `one point is a scan`() throws { #expect(try ScanSimulator(seed: 2, points: 1).makeCloud().count == 1) }

  @Test(arguments: [3, 4, 5] as [UInt64]) func `the filter finds the ground of simulated scans`(seed: UInt64) throws {
    let cloud = try ScanSimulator(seed: seed, points: 60_000).makeCloud()
    let ground = try cloud.classifyGround(GroundParameters(), threads: 2)
    // Plants lower than the filter's threshold are neither right nor wrong.
    let sure = zip(cloud.classifications(), ground.classes).filter { $0.0 != 3 }
    let score = Confusion(sure.map { $0.0 == 2 }, sure.map { $0.1 == 2 })
    #expect(score.agreement > 0.96, "agreement \(score.agreement)")
    #expect(score.kappa > 0.88, "kappa \(score.kappa)")
  }

  @Test func `one stray point far away is named instead of worked on`() throws {
    var points = try ScanSimulator(seed: 7, points: 1_500).makePoints()
    let near = try PointCloud(points: points, systemIdentifier: "SIMULATED", generatingSoftware: "test")
    #expect(try near.classifyGround(GroundParameters()).classes.count == 1_500)
    // 9 km by 9 km: 81 million cells, fewer than a large cloud may have.
    (points[700].x, points[700].y, points[700].returnNumber, points[700].returnCount) = (9_000, 9_000, 1, 1)
    let far = try PointCloud(points: points, systemIdentifier: "SIMULATED", generatingSoftware: "test")
    let error = #expect(throws: PointCloudError.self) { try far.classifyGround(GroundParameters()) }
    #expect(error?.code == .limitExceeded)
    #expect(
      error?.message.contains("x from") == true
        && error?.message.contains("4000000 allowed by cells_always_allowed") == true)
    #expect(error?.remedy.contains("stray points") == true)
  }

  @Test func `cells are bounded by points and by the parameter`() {
    let parameters = GroundParameters(cellsMax: 50_000_000)
    #expect(parameters.cellsLimit(points: 1) == (4_000_000, "cells_always_allowed"))
    #expect(parameters.cellsLimit(points: 10_000) == (10_000_000, "cells_per_point_max"))
    #expect(parameters.cellsLimit(points: 1_000_000) == (50_000_000, "cells_max"))
    let looser = GroundParameters(cellsPerPointMax: .max, cellsAlwaysAllowed: 0)
    #expect(looser.cellsLimit(points: 10) == (100_000_000, "cells_max"))
    #expect(throws: PointCloudError.self) { try GroundParameters(cellsMax: 0).validate() }
    #expect(throws: PointCloudError.self) { try GroundParameters(cellsPerPointMax: -1).validate() }
  }
}
