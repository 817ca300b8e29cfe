import Glibc
import Numerics

/// Half of the mean square of the differences of heights, by classes of the distance between their places (Matheron,
/// Economic Geology 58, 1963).
public struct EmpiricalVariogram: Hashable, Sendable {
  public struct Lag: Hashable, Sendable {
    /// The mean of the pairs' distances.
    public let distance: Double
    public let semivariance: Double
    public let pairs: Int
  }

  /// Classes of equal width that have pairs enough, nearest first.
  public let lags: [Lag]

  /// How many classes there are up to the reach.
  static let classes = 20
  /// How many points are compared with those around them, spread evenly over the list.
  static let samplesMax = 4_000
  /// With how many points each is compared, spread evenly over those around it.
  static let partnersMax = 2_048
  /// Fewer pairs than that tell little (Journel and Huijbregts: Mining Geostatistics, 1978, III.B).
  static let pairsMin = 30

  /// - Parameters:
  ///   - tree: over the places, at height 0.
  ///   - reach: the largest distance of a pair.
  init(
    _ points: MergedPoints, _ tree: KDTree, reach: Double, threads: Int, keepGoing: () -> Bool
  ) throws(PointCloudError) {
    let classes = Self.classes
    let rows = try RandomThinning(kept: Self.samplesMax, seed: 1).indices(of: points.count)
    let sums = SharedColumn(repeating: PairSum(), count: rows.count * classes)
    let places = try points.flat(rows)
    let isWhole = tree.forEachNeighbourhood(around: places, radius: reach, threads: threads, keepGoing: keepGoing) {
      found in
      let height = points.z[Int(rows[found.point])]
      let step = max(1, found.count / Self.partnersMax)
      for place in stride(from: 0, to: found.count, by: step) where found.index(place) != Int(rows[found.point]) {
        let distance = found.squaredDistance(place).squareRoot()
        let slot = found.point * classes + min(classes - 1, Int(distance / reach * Double(classes)))
        sums[slot].add(distance, points.z[found.index(place)] - height)
      }
    }
    guard isWhole else { throw .cancelled }
    lags = (0..<classes).compactMap { slot in
      var sum = PairSum()
      for row in rows.indices { sum.add(sums[row * classes + slot]) }
      return sum.count < Double(Self.pairsMin)
        ? nil
        : Lag(
          distance: sum.distances / sum.count, semivariance: sum.squares / (2 * sum.count), pairs: Int(sum.count))
    }
  }
}

/// Sums over pairs of points.
private struct PairSum: BitwiseCopyable {
  var count = 0.0
  var distances = 0.0
  var squares = 0.0

  mutating func add(_ distance: Double, _ difference: Double) {
    count += 1
    distances += distance
    squares += difference * difference
  }

  mutating func add(_ other: Self) {
    count += other.count
    distances += other.distances
    squares += other.squares
  }
}

extension Variogram {
  /// The variogram that fits lags best, by least squares with the weights pairs / distance² (as gstat has them:
  /// Pebesma, Computers & Geosciences 30, 2004), which say that near pairs matter most.
  ///
  /// For each range nugget and partial sill follow directly, neither below 0; the range is looked for from a twentieth
  /// of the farthest lag to three times as far.
  ///
  /// - Throws: `empty` with fewer than three lags.
  public init(fitting lags: EmpiricalVariogram, model: Model) throws(PointCloudError) {
    guard let far = lags.lags.last?.distance, lags.lags.count >= 3 else {
      throw PointCloudError(
        .empty, "pairs of points in \(lags.lags.count) classes of distance say too little of a variogram",
        remedy: "Give more points, or state the variogram.")
    }
    func fit(_ logarithm: Double) -> LinearFit { LinearFit(lags.lags, model, range: far * exp(logarithm)) }
    let (low, high) = (log(Self.rangeShares.lowerBound), log(Self.rangeShares.upperBound))
    let step = (high - low) / Double(Self.rangeSteps)
    let errors = (0...Self.rangeSteps).map { fit(low + step * Double($0)).error }
    let place = low + step * Double(errors.indices.min { errors[$0] < errors[$1] } ?? 0)
    let best = fit(goldenSection(place - step, place + step) { fit($0).error })
    try self.init(model, nugget: best.nugget, partialSill: best.partialSill, range: best.range)
  }

  private static let rangeShares = 0.05...3
  private static let rangeSteps = 60
}

/// Nugget and partial sill for a model of a given range.
private struct LinearFit {
  let range: Double
  private(set) var nugget = 0.0
  private(set) var partialSill = 0.0
  private(set) var error = 0.0

  init(_ lags: [EmpiricalVariogram.Lag], _ model: Variogram.Model, range: Double) {
    self.range = range
    // Sums of weighted products of 1, the growth g and the semivariance s.
    var (w, wg, wgg, ws, wgs) = (0.0, 0.0, 0.0, 0.0, 0.0)
    let weights = lags.map { Double($0.pairs) / ($0.distance * $0.distance) }
    let growths = lags.map { model.growth($0.distance / range) }
    for (place, lag) in lags.enumerated() {
      let (weight, growth) = (weights[place], growths[place])
      w += weight
      wg += weight * growth
      wgg += weight * growth * growth
      ws += weight * lag.semivariance
      wgs += weight * growth * lag.semivariance
    }
    let determinant = w * wgg - wg * wg
    if determinant > 1e-12 * w * wgg {
      nugget = (ws * wgg - wgs * wg) / determinant
      partialSill = (w * wgs - wg * ws) / determinant
    }
    if determinant <= 1e-12 * w * wgg || partialSill < 0 {
      (nugget, partialSill) = (max(0, ws / w), 0)
    } else if nugget < 0 {
      (nugget, partialSill) = (0, max(0, wgs / wgg))
    }
    for (place, lag) in lags.enumerated() {
      let rest = lag.semivariance - nugget - partialSill * growths[place]
      error += weights[place] * rest * rest
    }
  }
}

/// Where a function is least between two places, by the golden section.
private func goldenSection(_ low: Double, _ high: Double, _ value: (Double) -> Double) -> Double {
  let share = 0.6180339887498949
  var (low, high) = (low, high)
  var (a, b) = (high - share * (high - low), low + share * (high - low))
  var (atA, atB) = (value(a), value(b))
  // Each step leaves 0.618 of the interval: forty leave a hundred-millionth.
  for _ in 0..<40 {
    if atA <= atB {
      (high, b, atB) = (b, a, atA)
      a = high - share * (high - low)
      atA = value(a)
    } else {
      (low, a, atA) = (a, b, atB)
      b = low + share * (high - low)
      atB = value(b)
    }
  }
  return (low + high) / 2
}
