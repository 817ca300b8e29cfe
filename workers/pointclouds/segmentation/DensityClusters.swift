public import Numerics

/// Which cluster each point belongs to.
public struct Clusters: Hashable, Sendable {
  /// By index: from 0, in the order of each cluster's first core point; −1 is noise.
  public let labels: [Int32]
  public let count: Int
}

/// Clusters of points that lie dense enough (DBSCAN: Ester, Kriegel, Sander, Xu, KDD 1996).
///
/// A core point has at least `neighbours` points within `radius`, itself among them. Core points within `radius` of one another share a
/// cluster; another point that has core points within `radius` joins the cluster of the nearest one (of equally near ones, that with the
/// least index), where the paper leaves the choice to the order of the points.
public struct DensityClustering: Hashable, Sendable {
  /// How far neighbours may be, in the unit of the coordinates.
  public let radius: Double
  /// How many points a core point has within the radius, itself among them.
  public let neighbours: Int

  /// - Throws: `invalidParameter`.
  public init(radius: Double, neighbours: Int = 10) throws(PointCloudError) {
    try requirePositive("radius", radius)
    try requireCount("neighbours", neighbours, in: 1...1_000_000)
    (self.radius, self.neighbours) = (radius, neighbours)
  }

  /// - Parameter keepGoing: asked every few thousand points; once it answers false, the work ends.
  /// - Throws: `cancelled`.
  /// - Complexity: O(n log n + neighbours), on at most `threads` threads, which do not change the result; 17 bytes for each point.
  public func clusters(
    in tree: KDTree, threads: Int = 1, keepGoing: () -> Bool = { true }
  ) throws(PointCloudError) -> Clusters {
    let neighbours = neighbours
    let counts = tree.neighbourCounts(radius: radius, enough: neighbours, threads: threads, keepGoing: keepGoing)
    try proceed(keepGoing)
    let sets = DisjointSets(count: tree.count)
    let nearest = SharedColumn(repeating: Int32(-1), count: tree.count)
    let isWhole = tree.forEachNeighbourhood(radius: radius, threads: threads, keepGoing: keepGoing) { found in
      if counts[found.point] >= neighbours {
        nearest[found.point] = Int32(found.point)
        for place in 0..<found.count {
          let other = found.index(place)
          if other < found.point, counts[other] >= neighbours { sets.join(found.point, other) }
        }
      } else {
        nearest[found.point] = Self.nearestCore(found, counts, neighbours)
      }
    }
    guard isWhole else { throw .cancelled }
    return Self.number(nearest, sets)
  }

  private static func nearestCore(_ found: Neighbourhood, _ counts: [Int32], _ neighbours: Int) -> Int32 {
    var best: (square: Double, index: Int) = (.infinity, -1)
    for place in 0..<found.count {
      let (square, index) = (found.squaredDistance(place), found.index(place))
      if counts[index] >= neighbours, (square, index) < best { best = (square, index) }
    }
    return Int32(best.index)
  }

  /// Numbers sets by their least members, which are met in order.
  private static func number(_ nearest: SharedColumn<Int32>, _ sets: DisjointSets) -> Clusters {
    var numbers = [Int32](repeating: -1, count: nearest.count)
    var count: Int32 = 0
    for index in 0..<nearest.count where nearest[index] == Int32(index) && sets.root(of: index) == index {
      numbers[index] = count
      count += 1
    }
    let labels = (0..<nearest.count).map { index in
      nearest[index] < 0 ? -1 : numbers[sets.root(of: Int(nearest[index]))]
    }
    return Clusters(labels: labels, count: Int(count))
  }
}
