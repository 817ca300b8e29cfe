import Glibc
import Numerics
import PointClouds
import StrataCore
import TestSupport
import Testing

@Suite struct KrigingTests {
  private static let points: [SIMD3<Double>] = [
    SIMD3(0, 0, 1), SIMD3(3, 1, 2.5), SIMD3(1, 4, 0.5), SIMD3(5, 5, 3), SIMD3(7, 2, 4.25), SIMD3(2, 7, 1.5),
    SIMD3(8, 8, 2), SIMD3(6, 0.5, 3.5), SIMD3(0.5, 8, 0.75), SIMD3(4, 3, 2.25),
  ]
  private static let places = [SIMD3(2.0, 2, 0), SIMD3(5, 3.5, 9), SIMD3(9, 9, 0), SIMD3(3, 1, 7), SIMD3(6.5, 6, 0)]

  struct Case: Sendable {
    let model: Variogram.Model
    let nugget: Double
    let heights: [Double]
    let variances: [Double]
  }

  /// By PyKrige 1.7.3, OrdinaryKriging, partial sill 2, range 6 (as ranges are understood here).
  static let cases = [
    Case(
      model: .spherical, nugget: 0, heights: [1.489212647, 2.976665158, 1.924919389, 2.5, 2.70603194],
      variances: [0.8185425753, 0.6499360321, 1.187775386, 0, 1.106036184]),
    Case(
      model: .spherical, nugget: 0.3, heights: [1.549552092, 2.934426745, 1.952756805, 2.5, 2.609496872],
      variances: [1.229211973, 1.069732511, 1.636461468, 0, 1.5402927]),
    Case(
      model: .exponential, nugget: 0, heights: [1.75627249, 2.772084009, 2.012398316, 2.5, 2.497304779],
      variances: [1.330125869, 1.124913228, 1.608790476, 0, 1.584672487]),
    Case(
      model: .exponential, nugget: 0.3, heights: [1.798250824, 2.714568861, 2.028675788, 2.5, 2.445940987],
      variances: [1.701009527, 1.510461575, 2.004422857, 0, 1.954285358]),
    Case(
      model: .gaussian, nugget: 0, heights: [1.45476187, 2.994900292, 1.718340378, 2.5, 3.187282447],
      variances: [0.1597743496, 0.05707696619, 0.5393620224, 0, 0.2737336226]),
    Case(
      model: .gaussian, nugget: 0.3, heights: [1.434711778, 3.057103642, 1.858929775, 2.5, 2.847517311],
      variances: [0.6225750563, 0.5275983015, 1.082861037, 0, 0.8738433621]),
  ]

  @Test(arguments: cases) func `heights and variances are those of PyKrige, also far from the origin`(
    expected: Case
  ) throws {
    let variogram = try Variogram(expected.model, nugget: expected.nugget, partialSill: 2, range: 6)
    for shift in [SIMD3<Double>.zero, SIMD3(681_000, 5_412_000, 2_000)] {
      let surface = try KrigedSurface(Coordinates(Self.points.map { $0 + shift }), variogram: variogram)
      let found = try surface.estimates(at: Coordinates(Self.places.map { $0 + shift }))
      for place in Self.places.indices {
        #expect(abs(found.heights[place] - shift.z - expected.heights[place]) < 1e-8)
        #expect(abs(found.variances[place] - expected.variances[place]) < 1e-8)
      }
    }
  }

  private static let rate = 3.0 / 30

  /// Sums of many cosines of random directions, with wave numbers whose spectrum is that of the exponential model in the plane (Mantoglou and
  /// Wilson 1982): a random field of sill 4 and range 30, and noise of variance 0.25.
  private static func field(_ random: inout SeededGenerator) throws -> Coordinates {
    let waves = 400
    let field = (0..<waves).map { _ -> SIMD3<Double> in
      let angle = random.number(in: 0...(2 * .pi))
      let share = random.number(in: 1e-9...1)
      let wave = Self.rate * (1 / (share * share) - 1).squareRoot()
      return SIMD3(wave * cos(angle), wave * sin(angle), random.number(in: 0...(2 * .pi)))
    }
    return try Coordinates(
      (0..<20_000).map { _ -> SIMD3<Double> in
        let (x, y) = (random.number(in: 0...500), random.number(in: 0...500))
        let sum = field.reduce(0) { $0 + cos($1.x * x + $1.y * y + $1.z) }
        return SIMD3(x, y, (8 / Double(waves)).squareRoot() * sum + 0.5 * random.normal())
      })
  }

  /// One field differs from what it was made with by more than the mean of several, of which one in thirty is off by 0.15.
  @Test func `a fitted variogram is that which the heights were made with`() throws {
    var random = SeededGenerator(seed: testSeed)
    var (nugget, slope) = (0.0, 0.0)
    let count = 6
    for _ in 0..<count {
      let surface = try KrigedSurface(Self.field(&random), neighbours: 40, threads: 2)
      let fitted = try Variogram(fitting: #require(surface.empirical), model: .exponential)
      nugget += fitted.nugget / Double(count)
      slope += (fitted.semivariance(10) - fitted.nugget) / Double(count)
    }
    #expect(abs(nugget - 0.25) < 0.15, "seed \(testSeed)")
    let truth = 4 * (1 - exp(-1.0))
    #expect(abs(slope / truth - 1) < 0.35, "seed \(testSeed)")
  }

  @Test func `errors are as large as their variances say, and lags are those of the field`() throws {
    var random = SeededGenerator(seed: testSeed)
    let surface = try KrigedSurface(Self.field(&random), neighbours: 40, threads: 2)
    let lags = try #require(surface.empirical).lags
    for lag in lags where lag.pairs > 3_000 {
      let truth = 0.25 + 4 * (1 - exp(-Self.rate * lag.distance))
      #expect(abs(lag.semivariance / truth - 1) < 0.5, "at \(lag.distance), seed \(testSeed)")
    }
    let left = try surface.leaveOneOut(threads: 2)
    let ratios = zip(left.errors, left.variances).map { $0 * $0 / $1 }
    #expect(abs(ratios.reduce(0, +) / Double(ratios.count) - 1) < 0.15, "seed \(testSeed)")
  }

  @Test func `leaving out is estimating without`() throws {
    let points = try KernelCloud.terrain(400, seed: testSeed)
    let variogram = try Variogram(.spherical, nugget: 0.01, partialSill: 3, range: 20)
    let surface = try KrigedSurface(points, variogram: variogram, neighbours: 12)
    let left = try surface.leaveOneOut(threads: 2)
    let errors = Set(left.errors.map { ($0 * 1e6).rounded() })
    for index in stride(from: 0, to: points.count, by: 40) {
      let others = try Coordinates((0..<points.count).filter { $0 != index }.map { points[$0] })
      let without = try KrigedSurface(others, variogram: variogram, neighbours: 12)
      let error = try without.estimates(at: Coordinates([points[index]])).heights[0] - points.z[index]
      #expect([-1, 0, 1].contains { errors.contains((error * 1e6).rounded() + $0) }, "seed \(testSeed)")
    }
  }

  @Test func `a grid has the estimates of its cells, whatever the number of threads, and none beyond reach`() throws {
    let points = try KernelCloud.terrain(2_000, seed: testSeed)
    let surface = try KrigedSurface(points, reach: 3)
    let frame = GridFrame(x: 681_000, y: 5_411_990, cell: 1.5, columns: 45, rows: 40)
    let (heights, variances) = try surface.terrain(frame)
    let other = try KrigedSurface(points, reach: 3, threads: 4).terrain(frame, threads: 4)
    let isSame = [(heights, other.heights), (variances, other.variances)].allSatisfy { one, two in
      zip(one.values, two.values).allSatisfy { $0.bitPattern == $1.bitPattern }
    }
    #expect(isSame, "seed \(testSeed)")
    let flat = KDTree(try Coordinates(x: points.x, y: points.y, z: points.x.map { _ in 0 }))
    for row in 0..<40 {
      for column in 0..<45 {
        let place = SIMD3(681_000 + 1.5 * Double(column), 5_411_990 + 1.5 * Double(row), 0)
        let isNear = flat.nearest(to: place, k: 1)[0].squaredDistance <= 9
        #expect(heights[column, row].isNaN == !isNear && variances[column, row].isNaN == !isNear)
        guard isNear else { continue }
        let estimate = try surface.estimates(at: Coordinates([place]))
        #expect(heights[column, row] == Float(estimate.heights[0]))
      }
    }
  }

  @Test func `odd points are no trouble`() throws {
    let spherical = try Variogram(.spherical, nugget: 0, partialSill: 1, range: 10)
    // Points at one place count as one with their mean height.
    let twice = try KrigedSurface(
      Coordinates([SIMD3(0, 0, 1), SIMD3(0, 0, 3), SIMD3(0, 0, 8), SIMD3(5, 0, 1)]), variogram: spherical)
    #expect(try twice.estimates(at: Coordinates([SIMD3(0, 0, 0)])).heights == [4])
    let one = try KrigedSurface(Coordinates([SIMD3(1, 2, 7)]), variogram: spherical)
    let far = try one.estimates(at: Coordinates([SIMD3(100, 0, 0), SIMD3(1, 2, 0)]))
    #expect(far.heights == [7, 7] && far.variances == [2, 0])
    #expect(try one.leaveOneOut().errors.allSatisfy(\.isNaN))
    // Level ground has no variance at all; a sill of 0 leaves the nearest point.
    var random = SeededGenerator(seed: testSeed)
    let level = try Coordinates((0..<500).map { _ in SIMD3(random.number(in: 0...9), random.number(in: 0...9), 5) })
    let flat = try KrigedSurface(level)
    #expect(flat.variogram.sill == 0)
    let found = try flat.estimates(at: Coordinates([SIMD3(4, 4, 0)]))
    #expect(found.heights == [5] && found.variances == [0])
    // A smooth model without a nugget: systems that only rounding tells from singular ones.
    let close = try Coordinates(
      (0..<400).map { SIMD3(Double($0 % 20) * 1e-3, Double($0 / 20) * 1e-3, sin(Double($0))) })
    let smooth = try KrigedSurface(
      close, variogram: Variogram(.gaussian, nugget: 0, partialSill: 1, range: 1e3), neighbours: 64)
    let middle = try smooth.estimates(at: Coordinates([SIMD3(0.0105, 0.0105, 0)]))
    #expect(middle.heights[0].isFinite && middle.variances[0] >= 0)
  }

  @Test func `what cannot be is refused, and unwanted work ends`() throws {
    let points = try KernelCloud.terrain(500)
    func code(_ body: () throws -> Void) -> PointCloudError.Code? {
      #expect(throws: PointCloudError.self) { try body() }?.code
    }
    #expect(code { _ = try Variogram(.spherical, nugget: -1, partialSill: 1, range: 1) } == .invalidParameter)
    #expect(code { _ = try Variogram(.spherical, nugget: 0, partialSill: .nan, range: 1) } == .invalidParameter)
    #expect(code { _ = try Variogram(.gaussian, nugget: 0, partialSill: 1, range: 0) } == .invalidParameter)
    #expect(code { _ = try KrigedSurface(points, neighbours: 0) } == .invalidParameter)
    #expect(code { _ = try KrigedSurface(points, neighbours: 300) } == .invalidParameter)
    #expect(code { _ = try KrigedSurface(points, reach: .nan) } == .invalidParameter)
    #expect(code { _ = try KrigedSurface(Coordinates([])) } == .empty)
    #expect(code { _ = try KrigedSurface(Coordinates([SIMD3(0, 0, 0), SIMD3(1, 0, 0)])) } == .empty)
    #expect(code { _ = try KrigedSurface(points) { false } } == .cancelled)
    let surface = try KrigedSurface(points)
    #expect(code { _ = try surface.leaveOneOut { false } } == .cancelled)
    let frame = GridFrame(x: 681_000, y: 5_412_000, cell: 1, columns: 9, rows: 9)
    #expect(code { _ = try surface.terrain(frame) { false } } == .cancelled)
  }
}
