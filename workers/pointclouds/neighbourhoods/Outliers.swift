public import Numerics

/// Finds points that are farther from their neighbours than most are from theirs.
///
/// A point is an outlier where the mean distance to its nearest neighbours exceeds, by more than a multiple of the standard deviation, the mean of that
/// over all points (Rusu, Marton, Blodow, Dolha, Beetz: "Towards 3D point cloud based object maps", Robotics and
/// Autonomous Systems 56, 2008).
public struct StatisticalOutliers: Hashable, Sendable {
  /// How many neighbours count, the point itself not among them.
  public let neighbours: Int
  /// How many standard deviations are allowed.
  public let deviations: Double

  /// - Throws: `invalidParameter`.
  public init(neighbours: Int = 16, deviations: Double = 2) throws(PointCloudError) {
    try requireCount("neighbours", neighbours, in: 1...neighboursMax)
    try requirePositive("deviations", deviations)
    (self.neighbours, self.deviations) = (neighbours, deviations)
  }

  /// Whether each point is an outlier.
  ///
  /// - Parameter keepGoing: asked every few thousand points; once it answers false, the work ends.
  /// - Throws: `cancelled`.
  /// - Complexity: O(n (log n + k)), on at most `threads` threads, which do not change the result; 9 bytes for each point.
  public func find(
    in tree: KDTree, threads: Int = 1, keepGoing: () -> Bool = { true }
  ) throws(PointCloudError) -> [Bool] {
    let means = SharedColumn(repeating: 0.0, count: tree.count)
    // The point itself is among those found, at no distance; of points in one place one stands for it.
    let isWhole = tree.forEachNeighbourhood(k: neighbours + 1, threads: threads, keepGoing: keepGoing) { found in
      var sum = 0.0
      for place in 0..<found.count { sum += found.squaredDistance(place).squareRoot() }
      means[found.point] = sum / Double(max(1, found.count - 1))
    }
    guard isWhole else { throw .cancelled }
    let limit = Self.limit(means, deviations: deviations)
    return parallelMap(tree.count, threads: threads) { means[$0] > limit }
  }

  /// Sums in the order of the points, so that threads change nothing.
  private static func limit(_ values: SharedColumn<Double>, deviations: Double) -> Double {
    let count = Double(max(1, values.count))
    var sum = 0.0
    for place in 0..<values.count { sum += values[place] }
    let mean = sum / count
    var squares = 0.0
    for place in 0..<values.count { squares += (values[place] - mean) * (values[place] - mean) }
    return mean + deviations * (squares / max(1, count - 1)).squareRoot()
  }
}

/// Finds points that have too few others near them.
public struct RadiusOutliers: Hashable, Sendable {
  /// How far neighbours may be, in the unit of the coordinates.
  public let radius: Double
  /// How many neighbours a point needs, itself not counted.
  public let neighbours: Int

  /// - Throws: `invalidParameter`.
  public init(radius: Double, neighbours: Int = 4) throws(PointCloudError) {
    try requirePositive("radius", radius)
    try requireCount("neighbours", neighbours, in: 1...1_000_000)
    (self.radius, self.neighbours) = (radius, neighbours)
  }

  /// Whether each point is an outlier.
  ///
  /// - Parameter keepGoing: asked every few thousand points; once it answers false, the work ends.
  /// - Throws: `cancelled`.
  /// - Complexity: O(n (log n + neighbours)): counting ends once there are enough; on at most `threads` threads, which
  ///   do not change the result; 5 bytes for each point.
  public func find(
    in tree: KDTree, threads: Int = 1, keepGoing: () -> Bool = { true }
  ) throws(PointCloudError) -> [Bool] {
    let enough = neighbours + 1
    let counts = tree.neighbourCounts(radius: radius, enough: enough, threads: threads, keepGoing: keepGoing)
    try proceed(keepGoing)
    return counts.map { $0 < enough }
  }
}
