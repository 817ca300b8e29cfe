import Glibc
import Numerics

extension ChangeDetection {
  /// The direction in which each core point is looked at; NaN where the reference has too few points near it for a
  /// plane.
  func normals(
    at cores: Coordinates, in reference: KDTree, threads: Int, keepGoing: () -> Bool
  ) throws(PointCloudError) -> [SIMD3<Double>] {
    guard case .normals(let diameters, let orientation) = direction else {
      try proceed(keepGoing)
      return Array(repeating: SIMD3(0, 0, 1), count: cores.count)
    }
    let normals = SharedColumn(repeating: SIMD3(repeating: Double.nan), count: cores.count)
    let limits = Set(diameters.map { $0 * $0 / 4 }).sorted()
    guard reference.count > 0, let largest = diameters.max() else { return normals.values }
    let isWhole = reference.forEachNeighbourhood(
      around: cores, radius: largest / 2, threads: threads, keepGoing: keepGoing
    ) { found in
      guard let normal = ScaleMoments(found, limits).normal() else { return }
      normals[found.point] = orientation.turned(normal, at: cores[found.point])
    }
    guard isWhole else { throw .cancelled }
    return normals.values
  }
}

extension ChangeDetection.Orientation {
  /// A normal or its opposite.
  func turned(_ normal: SIMD3<Double>, at place: SIMD3<Double>) -> SIMD3<Double> {
    switch self {
    case .up: normal.z < 0 ? -normal : normal
    case .towards(let viewpoint): dot(normal, viewpoint - place) < 0 ? -normal : normal
    }
  }
}

/// Sums over the points around a place, one for each scale.
private struct ScaleMoments {
  /// Those of the points within each scale, growing.
  private var moments: [Moments3]

  /// - Parameter limits: the squares of the scales' radii, growing. All points lie within the last.
  init(_ found: Neighbourhood, _ limits: [Double]) {
    moments = Array(repeating: Moments3(), count: limits.count)
    if limits.count == 1 {
      found.add(0..<found.count, to: &moments[0])
      return
    }
    for place in 0..<found.count {
      let square = found.squaredDistance(place)
      var scale = 0
      while scale < limits.count - 1, square > limits[scale] { scale += 1 }
      moments[scale].add(found.offset(place))
    }
    for scale in 1..<limits.count { moments[scale].add(moments[scale - 1]) }
  }

  /// The normal at the most planar scale: the one at which the smallest eigenvalue of the covariance has the smallest
  /// share of the sum. Three points are always planar: a scale with few points counts only where none has enough, and
  /// then the largest does.
  ///
  /// - Returns: nil without a plane: for fewer than three points, or points in one place or on a line.
  func normal() -> SIMD3<Double>? {
    var best: (variation: Double, normal: SIMD3<Double>)?
    for scale in moments.indices where moments[scale].count >= (scale < moments.count - 1 ? Self.enough : 3) {
      let system = moments[scale].covariance.eigensystem()
      guard system.values.y > Self.flatness * system.values.x else { continue }
      if let best, best.variation <= system.surfaceVariation { continue }
      best = (system.surfaceVariation, system.vectors.third)
    }
    return best?.normal
  }

  /// As in Brodu and Lague, ISPRS Journal of Photogrammetry and Remote Sensing 68, 2012.
  private static let enough = 10.0
  /// A second eigenvalue below this share of the first is rounding: the points are on a line.
  private static let flatness = 1e-12
}

extension Moments3 {
  fileprivate mutating func add(_ other: Moments3) {
    count += other.count
    sum += other.sum
    products.xx += other.products.xx
    products.xy += other.products.xy
    products.xz += other.products.xz
    products.yy += other.products.yy
    products.yz += other.products.yz
    products.zz += other.products.zz
  }
}
