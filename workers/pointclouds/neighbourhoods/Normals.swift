public import Numerics

/// The direction at right angles to the surface around each point, and how far from flat the surface is.
public struct Normals: Sendable {
  /// Of length 1, by index.
  public var directions: [SIMD3<Float>]
  /// Surface variation: the smallest eigenvalue's share of the sum, 0 on a plane to 1/3 (Pauly, Gross, Kobbelt 2002).
  public let variations: [Float]
}

/// Estimates normals from the planes that fit neighbourhoods best.
///
/// The normal is the eigenvector of the smallest eigenvalue of the covariance of a point's nearest neighbours (Hoppe, DeRose, Duchamp,
/// McDonald, Stuetzle: Surface reconstruction from unorganized points, SIGGRAPH 1992).
public struct NormalEstimation: Hashable, Sendable {
  /// To which of its two sides a normal points.
  public enum Orientation: Hashable, Sendable {
    /// Not downwards: terrain and roofs scanned from the air.
    case up
    /// Towards a place, as that of a scanner.
    case towards(SIMD3<Double>)
    /// Like its neighbours', from the highest point of each connected part, which looks up, along a tree of least turning.
    case consistent
  }

  /// How many neighbours a plane is fitted to, the point itself among them, 3 to 1,000.
  public let neighbours: Int
  public let orientation: Orientation

  /// - Throws: `invalidParameter`.
  public init(neighbours: Int = 20, orientation: Orientation = .up) throws(PointCloudError) {
    try requireCount("neighbours", neighbours, in: 3...neighboursMax)
    (self.neighbours, self.orientation) = (neighbours, orientation)
  }

  /// - Parameter keepGoing: asked every few thousand points; once it answers false, the work ends.
  /// - Throws: `cancelled`.
  /// - Complexity: O(n (log n + k)), on at most `threads` threads, which do not change the result; 20 bytes for each point. `consistent`
  ///   then goes from point to point by one thread, with about 60 bytes more for each.
  public func normals(
    of points: Coordinates, in tree: KDTree, threads: Int = 1, keepGoing: () -> Bool = { true }
  ) throws(PointCloudError) -> Normals {
    let directions = SharedColumn(repeating: SIMD3<Float>(0, 0, 1), count: points.count)
    let variations = SharedColumn(repeating: Float(0), count: points.count)
    let isWhole = tree.forEachNeighbourhood(k: neighbours, threads: threads, keepGoing: keepGoing) { found in
      let (direction, variation) = normal(found, at: points[found.point])
      directions[found.point] = direction
      variations[found.point] = variation
    }
    guard isWhole else { throw .cancelled }
    var normals = Normals(directions: directions.values, variations: variations.values)
    if orientation == .consistent {
      try NormalPropagation(points, tree, neighbours: neighbours).orient(&normals.directions, keepGoing)
    }
    return normals
  }

  /// The normal of one neighbourhood, which does not look down.
  func upward(_ found: Neighbourhood) -> (direction: SIMD3<Float>, variation: Float) { normal(found, at: .zero) }

  @inline(__always) private func normal(
    _ found: Neighbourhood, at place: SIMD3<Double>
  ) -> (direction: SIMD3<Float>, variation: Float) {
    var moments = Moments3()
    found.add(0..<found.count, to: &moments)
    let system = moments.covariance.eigensystem()
    let normal = oriented(system.vectors.third, at: place)
    return (SIMD3(Float(normal.x), Float(normal.y), Float(normal.z)), Float(system.surfaceVariation))
  }

  private func oriented(_ normal: SIMD3<Double>, at place: SIMD3<Double>) -> SIMD3<Double> {
    if case .towards(let viewpoint) = orientation { return dot(normal, viewpoint - place) < 0 ? -normal : normal }
    // Level normals point to growing y or x, so that equal ones are told alike.
    let isDown = normal.z != 0 ? normal.z < 0 : normal.y != 0 ? normal.y < 0 : normal.x < 0
    return isDown ? -normal : normal
  }
}

extension Eigensystem3 {
  /// Eigenvalues of a covariance, with what rounding made of zeros put right.
  var variances: SIMD3<Double> { pointwiseMax(values, .zero) }

  var surfaceVariation: Double {
    let variances = variances
    let sum = variances.sum()
    return sum > 0 ? variances.z / sum : 0
  }
}
