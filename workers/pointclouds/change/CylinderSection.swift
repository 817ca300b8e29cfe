import Numerics

/// Where the points of one scan lie along the axis of a cylinder, counted from the core point.
struct CylinderSection: BitwiseCopyable {
  var count = 0
  var place = Double.nan
  var spread = Double.nan

  init() {}

  init(_ found: Neighbourhood, along axis: SIMD3<Double>, _ average: ChangeDetection.Average, least: Int) {
    count = found.count
    guard count >= least else { return }
    switch average {
    case .mean: (place, spread) = Self.mean(found, axis)
    case .median: (place, spread) = Self.median(found, axis)
    }
  }

  private static func mean(_ found: Neighbourhood, _ axis: SIMD3<Double>) -> (Double, Double) {
    var sum = 0.0
    for place in 0..<found.count { sum += dot(found.offset(place), axis) }
    let mean = sum / Double(found.count)
    var squares = 0.0
    for place in 0..<found.count {
      let rest = dot(found.offset(place), axis) - mean
      squares += rest * rest
    }
    return (mean, (squares / Double(max(1, found.count - 1))).squareRoot())
  }

  private static func median(_ found: Neighbourhood, _ axis: SIMD3<Double>) -> (Double, Double) {
    unsafe withUnsafeTemporaryAllocation(of: Double.self, capacity: found.count) { places in
      for place in 0..<found.count { unsafe places[place] = dot(found.offset(place), axis) }
      var places = unsafe places
      unsafe places.sort()
      func quantile(_ share: Double) -> Double {
        let rank = share * Double(found.count - 1)
        let low = Int(rank)
        let (lower, upper) = unsafe (places[low], places[min(low + 1, found.count - 1)])
        return lower + (upper - lower) * (rank - Double(low))
      }
      return (quantile(0.5), (quantile(0.75) - quantile(0.25)) / normalQuartileRange)
    }
  }

  /// The range between the quartiles of a normal distribution with a standard deviation of 1.
  private static let normalQuartileRange = 1.3489795003921634
}
