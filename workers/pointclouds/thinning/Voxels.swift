public import Numerics

/// Points by the cube that holds them, and what becomes of each cube.
public struct Voxels: Sendable {
  /// Which point stands for its cube. Equals are told apart by their indices: the first is kept.
  public enum Representative: String, Codable, Sendable, CaseIterable {
    /// The one nearest to the middle of the cube: most even in space.
    case nearestToCentre = "nearest_to_centre"
    /// The one nearest to the mean of the cube's points: nearest to the surface that they lie on.
    case nearestToCentroid = "nearest_to_centroid"
    case lowest
    case highest
    /// The one that comes first in the cloud.
    case first
  }

  public let grid: VoxelGrid
  /// The indices of the points, cube by cube.
  public let groups: Groups

  /// How many cubes hold points.
  public var count: Int { groups.count }

  /// How many points each cube holds.
  public var pointCounts: [Int] { (0..<count).map { groups[$0].count } }

  /// The mean place of each cube's points.
  ///
  /// - Complexity: O(points), 24 bytes for each cube.
  public func centroids(of points: Coordinates, threads: Int = 1) -> [SIMD3<Double>] {
    reduce(threads: threads) { places in
      let (origin, sum) = offsets(of: points, places)
      return origin + sum / Double(places.count)
    }
  }

  /// The mean of an attribute over each cube's points, for colours, intensities and the like.
  public func means(of values: [Float], threads: Int = 1) -> [Float] {
    precondition(values.count == groups.order.count)
    return reduce(threads: threads) { places in
      var sum = 0.0
      for place in places { sum += Double(values[Int(groups.order[place])]) }
      return Float(sum / Double(places.count))
    }
  }

  /// The index of the point that stands for each cube; all its attributes are then kept as they are.
  ///
  /// - Complexity: O(points), 4 bytes for each cube.
  public func representatives(
    _ representative: Representative, of points: Coordinates, threads: Int = 1
  ) -> [Int32] {
    let cell = grid.cell
    return reduce(threads: threads) { places in
      let first = points[Int(groups.order[places.lowerBound])]
      switch representative {
      case .first: return groups.order[places.lowerBound]
      case .lowest: return least(places) { points.z[$0] }
      case .highest: return least(places) { -points.z[$0] }
      case .nearestToCentre:
        let centre = ((first / cell).rounded(.down) + 0.5) * cell
        return least(places) { squaredLength(points[$0] - centre) }
      case .nearestToCentroid:
        let (origin, sum) = offsets(of: points, places)
        let mean = sum / Double(places.count)
        return least(places) { squaredLength((points[$0] - origin) - mean) }
      }
    }
  }

  /// The sum of what the points of a cube are from its first one: that loses no digits, wherever the cube is.
  @inline(__always) private func offsets(
    of points: Coordinates, _ places: Range<Int>
  ) -> (origin: SIMD3<Double>, sum: SIMD3<Double>) {
    let origin = points[Int(groups.order[places.lowerBound])]
    var sum = SIMD3<Double>.zero
    for place in places.dropFirst() { sum += points[Int(groups.order[place])] - origin }
    return (origin, sum)
  }

  @inline(__always) private func least(_ places: Range<Int>, _ value: (Int) -> Double) -> Int32 {
    var (best, lowest) = (groups.order[places.lowerBound], Double.infinity)
    for place in places {
      let index = groups.order[place]
      let own = value(Int(index))
      if own < lowest { (best, lowest) = (index, own) }
    }
    return best
  }

  @inline(__always) private func reduce<Value: Sendable>(
    threads: Int, _ value: @Sendable (Range<Int>) -> Value
  ) -> [Value] {
    parallelMap(count, threads: threads) { value(groups[$0]) }
  }
}

@inline(__always) func squaredLength(_ vector: SIMD3<Double>) -> Double { dot(vector, vector) }
