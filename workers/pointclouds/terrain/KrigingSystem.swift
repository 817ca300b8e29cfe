import Numerics

/// The equations of ordinary kriging for one place, and room for them that is used again.
///
/// With C the covariances among the neighbours and c those with the place, weights w and the multiplier m that makes
/// their sum 1 fulfil C w + m 1 = c. Both C⁻¹ c and C⁻¹ 1 come from one Cholesky decomposition, as C is positive
/// definite, and m from their sums: half the work of the usual system with one row more, which is indefinite.
struct KrigingSystem {
  private let lapack: LAPACK
  private let variogram: Variogram
  private var matrix: [Double] = []
  private var sides: [Double] = []

  init(_ lapack: LAPACK, _ variogram: Variogram) { (self.lapack, self.variogram) = (lapack, variogram) }

  /// What is added to the variance of each point, as a share of the sill, until the system can be solved: smooth models
  /// without a nugget make points that lie close together all but equal.
  private static let additions = [0, 1e-12, 1e-10, 1e-8, 1e-6, 1e-4]

  /// The estimate from neighbours, given by their offsets from the place, and its variance; NaN without any.
  ///
  /// - Parameter places: of the neighbours to be used.
  mutating func estimate(
    _ found: Neighbourhood, _ places: Range<Int>, _ height: (Int) -> Double
  ) -> (height: Double, variance: Double) {
    let count = places.count
    guard count > 0 else { return (.nan, .nan) }
    // Counted from the nearest one, heights lose no digits.
    let base = height(found.index(places.lowerBound))
    guard variogram.sill > 0 else { return (base, 0) }
    for addition in Self.additions {
      fill(found, places, addition)
      guard lapack.solve(positiveDefinite: matrix, order: count, &sides) else { continue }
      var (sum, ones) = (0.0, 0.0)
      for place in 0..<count { (sum, ones) = (sum + sides[place], ones + sides[count + place]) }
      let multiplier = (sum - 1) / ones
      var (estimate, explained) = (0.0, 0.0)
      for place in 0..<count {
        let weight = sides[place] - multiplier * sides[count + place]
        estimate += weight * (height(found.index(places.lowerBound + place)) - base)
        explained += weight * covariance(found.squaredDistance(places.lowerBound + place))
      }
      // Rounding may leave a little less than nothing at a point.
      return (base + estimate, max(0, 1 - explained - multiplier) * variogram.sill)
    }
    return (.nan, .nan)
  }

  /// As a share of the sill.
  @inline(__always) private func covariance(_ squaredDistance: Double) -> Double {
    1 - variogram.semivariance(squaredDistance.squareRoot()) / variogram.sill
  }

  private mutating func fill(_ found: Neighbourhood, _ places: Range<Int>, _ addition: Double) {
    let count = places.count
    if matrix.count != count * count {
      matrix = Array(repeating: 0, count: count * count)
      sides = Array(repeating: 0, count: 2 * count)
    }
    for row in 0..<count {
      let own = found.offset(places.lowerBound + row)
      matrix[row * count + row] = 1 + addition
      for column in row + 1..<max(count, row + 1) {
        let offset = found.offset(places.lowerBound + column) - own
        matrix[row * count + column] = covariance(offset.x * offset.x + offset.y * offset.y)
      }
      sides[row] = covariance(found.squaredDistance(places.lowerBound + row))
      sides[count + row] = 1
    }
  }
}
