import Glibc
import PointClouds
import StrataCore
import TestSupport
import Testing

@Suite struct GroundMethodTests {
  private static let methods: [GroundMethod] = [
    .simple(GroundParameters(growth: 0.3)), .automatic(AutomaticGroundParameters()),
    .progressive(ProgressiveGroundParameters()), .cloth(ClothParameters()),
  ]

  private func cloud(_ points: [NewPoint]) throws -> PointCloud {
    try PointCloud(points: points, systemIdentifier: "test", generatingSoftware: "test")
  }

  /// A plane that rises by a twentieth, with a box of ten by ten on it.
  private func slopeWithBox(unit: Double = 1) -> [NewPoint] {
    (0..<60).flatMap { row in
      (0..<60).map { column in
        let isBox = (20..<30).contains(row) && (20..<30).contains(column)
        return NewPoint(
          x: Double(column) * unit, y: Double(row) * unit, z: (Double(column) * 0.05 + (isBox ? 6 : 0)) * unit)
      }
    }
  }

  @Test(arguments: methods) func `a box is not ground, whatever the method, and the slope is`(
    method: GroundMethod
  ) throws {
    let points = slopeWithBox()
    let ground = try cloud(points).classifyGround(method)
    let expected = points.map { $0.z > $0.x * 0.05 + 1 ? PointClass.unclassified : PointClass.ground }
    #expect(zip(ground.classes, expected).count { $0 != $1 } == 0)
    #expect(ground.groundCount == ground.classes.count { $0 == PointClass.ground })
  }

  @Test(arguments: methods) func `the number of threads does not change the ground`(method: GroundMethod) throws {
    let scan = try ScanSimulator(seed: testSeed, points: 20_000).makeCloud()
    let one = try scan.classifyGround(method, threads: 1)
    #expect(one.groundCount > 1_000)
    #expect(try scan.classifyGround(method, threads: 3).classes == one.classes, "seed \(testSeed)")
  }

  @Test(arguments: methods) func `cancelling ends every method early and late`(method: GroundMethod) throws {
    let scan = try cloud(slopeWithBox())
    var told: [Double] = []
    _ = try scan.classifyGround(method) {
      told.append($0)
      return true
    }
    #expect(zip(told, told.dropFirst()).allSatisfy { $0 <= $1 } && told.last == 1)
    for end in [0.0, 0.3, 0.6, 1.0] {
      let error = #expect(throws: PointCloudError.self) { try scan.classifyGround(method) { $0 < end } }
      #expect(error?.code == .cancelled)
    }
  }

  @Test(arguments: methods) func `few points, points in one place and points on a line have a result`(
    method: GroundMethod
  ) throws {
    #expect(try cloud([NewPoint(x: 1, y: 2, z: 3)]).classifyGround(method).groundCount == 1)
    let same = [NewPoint](repeating: NewPoint(x: 1, y: 2, z: 3), count: 1_000)
    #expect(try cloud(same).classifyGround(method).groundCount == 1_000)
    let line = (0..<1_000).map { NewPoint(x: Double($0), y: 5, z: 1) }
    #expect(try cloud(line).classifyGround(method).groundCount == 1_000)
    let none = #expect(throws: PointCloudError.self) { try cloud([]).classifyGround(method) }
    #expect(none?.code == .empty)
    let stray = slopeWithBox() + [NewPoint(x: 2_000_000, y: 1_000_000, z: 0)]
    let far = #expect(throws: PointCloudError.self) { try cloud(stray).classifyGround(method) }
    #expect(far?.code == .limitExceeded)
  }

  @Test(arguments: [
    GroundMethod.simple(GroundParameters(growth: -1)), .automatic(AutomaticGroundParameters(slopeMin: 0)),
    .automatic(AutomaticGroundParameters(slopeMin: 0.5)), .automatic(AutomaticGroundParameters(windowMax: 1e9)),
    .automatic(AutomaticGroundParameters(metresPerUnit: .nan)), .progressive(ProgressiveGroundParameters(cell: 0)),
    .progressive(ProgressiveGroundParameters(thresholdMax: 0.1)),
    .progressive(ProgressiveGroundParameters(selection: GroundSelection(cellsMax: 0))),
    .cloth(ClothParameters(rigidity: 0)), .cloth(ClothParameters(stepsMax: .max)), .cloth(ClothParameters(fall: .nan)),
  ]) func `parameters outside their range are refused by name`(method: GroundMethod) throws {
    let error = #expect(throws: PointCloudError.self) { try cloud(slopeWithBox()).classifyGround(method) }
    #expect(error?.code == .invalidParameter)
  }

  @Test(arguments: GroundMethod.Name.allCases) func `feet make no difference to defaults in metres`(
    name: GroundMethod.Name
  ) throws {
    let foot = 0.3048
    let metres = GroundMethod(name, GroundParameters(), metresPerUnit: 1)
    #expect(metres.name == name)
    let parameters = GroundParameters(cell: 1 / foot, window: 18 / foot, threshold: 0.5 / foot, scalar: 1.25 / foot)
    let feet = GroundMethod(name, parameters, metresPerUnit: foot)
    let inMetres = try cloud(slopeWithBox()).classifyGround(metres).classes
    #expect(try cloud(slopeWithBox(unit: 1 / foot)).classifyGround(feet).classes == inMetres)
  }

  /// A hill as wide as the largest disc is removed by a small slope, and joined to the plane by slopes of its own.
  private func hill() -> [NewPoint] {
    (0..<80).flatMap { row in
      (0..<80).map { column in
        let (x, y) = (Double(column) - 25, Double(row) - 40)
        let height = 4 * exp(-(x * x + y * y) / 128)
        let isBox = (60..<70).contains(column) && (35..<45).contains(row)
        return NewPoint(x: Double(column), y: Double(row), z: height + (isBox ? 4 : 0))
      }
    }
  }

  @Test func `a hill that discs remove is taken back, and a house beside it is not`() throws {
    let scan = try cloud(hill())
    let strict = GroundParameters(slope: 0.02, threshold: 0.3, scalar: 0)
    var growing = strict
    growing.growth = 0.3
    let published = try scan.classifyGround(strict).groundCount
    let taken = try scan.classifyGround(growing)
    print("hill: \(published) ground points of 6,300 as published, \(taken.groundCount) with growth")
    #expect(published < 6_200)
    #expect(taken.groundCount == 6_300)
    let points = hill()
    let house = points.indices.filter { points[$0].x >= 60 && points[$0].z > 3 }
    #expect(house.count == 100 && house.allSatisfy { taken.classes[$0] == PointClass.unclassified })
  }

  @Test func `what was measured is told`() throws {
    let automatic = try cloud(slopeWithBox()).automaticGround()
    #expect(abs(automatic.spacing - 1) < 0.05)
    #expect(abs(automatic.objectShare - 100.0 / 3_600) < 1e-9)
    #expect(automatic.parameters.cell == 1 && automatic.parameters.window == 18)
    #expect(abs(automatic.parameters.slope - 0.0075 * 36) < 1e-9)
    #expect(automatic.reasons.count == 3 && automatic.reasons[1].hasPrefix("slope 0.27: 2.7778 % of the points"))
  }

  /// Openings by comparing each cell with all others, on scattered heights, one point for each cell.
  @Test(arguments: [false, true]) func `the progressive filter is that of brute force`(isExponential: Bool) throws {
    var random = SeededGenerator(seed: testSeed)
    let side = 24
    let points = (0..<side * side).map { index in
      let isHigh = random.next() % 4 == 0
      return NewPoint(
        x: Double(index % side), y: Double(index / side), z: Double(random.next() % 100) / 100 + (isHigh ? 5 : 0))
    }
    // Heights are hundredths, so that none lies on a threshold.
    let parameters = ProgressiveGroundParameters(
      window: 6, threshold: 0.505, thresholdMax: 2.505, isExponential: isExponential)
    let found = try cloud(points).classifyGround(.progressive(parameters)).classes.map { $0 == PointClass.ground }
    var heights = points.map { Float($0.z) }
    var isGround = [Bool](repeating: true, count: points.count)
    let radii = isExponential ? [1, 2, 4, 6] : [1, 2, 3, 4, 5, 6]
    for (step, radius) in radii.enumerated() {
      heights = extreme(extreme(heights, side, radius, min), side, radius, max)
      let wider = step == 0 ? 0 : Double(2 * (radius - radii[step - 1]))
      let allowed = Float(min(parameters.thresholdMax, parameters.threshold + parameters.slope * wider))
      for index in points.indices where Float(points[index].z) - heights[index] > allowed { isGround[index] = false }
    }
    #expect(found == isGround, "seed \(testSeed)")
  }

  private func extreme(_ heights: [Float], _ side: Int, _ radius: Int, _ choose: (Float, Float) -> Float) -> [Float] {
    heights.indices.map { index in
      let near = heights.indices.filter { other in
        let (x, y) = (other % side - index % side, other / side - index / side)
        return x * x + y * y <= radius * radius
      }
      return near.reduce(heights[index]) { choose($0, heights[$1]) }
    }
  }
}
