public import Numerics

/// All places p with normal · p = distance.
public struct Plane: Hashable, Sendable {
  /// Of length 1. It does not point downwards.
  public let normal: SIMD3<Double>
  /// From the origin of the coordinates along the normal.
  public let distance: Double

  /// The plane at right angles to a vector of length 1 through a place.
  init(normal: SIMD3<Double>, through place: SIMD3<Double>) {
    let isDown = normal.z != 0 ? normal.z < 0 : normal.y != 0 ? normal.y < 0 : normal.x < 0
    self.normal = isDown ? -normal : normal
    distance = dot(self.normal, place)
  }

  /// The plane through three places. Nil where they lie on a line.
  init?(_ a: SIMD3<Double>, _ b: SIMD3<Double>, _ c: SIMD3<Double>) {
    let (u, v) = (b - a, c - a)
    let raw = cross(u, v)
    let square = squaredLength(raw)
    // The sine of the angle between the sides, squared.
    guard square > 1e-12 * squaredLength(u) * squaredLength(v) else { return nil }
    self.init(normal: raw / square.squareRoot(), through: a)
  }

  /// The plane from which points are the least in the sum of squares (Pearson 1901). Nil for fewer than three.
  init?(fitting indices: some Collection<Int32>, of points: Coordinates) {
    guard indices.count >= 3, let first = indices.first else { return nil }
    let origin = points[Int(first)]
    var moments = Moments3()
    for index in indices { moments.add(points[Int(index)] - origin) }
    self.init(normal: moments.covariance.eigensystem().vectors.third, through: moments.mean + origin)
  }

  /// How far a place is from the plane, above or below.
  @inlinable public func distance(to place: SIMD3<Double>) -> Double { abs(dot(normal, place) - distance) }
}

/// A plane and the points that lie on it.
public struct PlanarSegment: Hashable, Sendable {
  /// Fitted to the points by least squares.
  public let plane: Plane
  /// Growing.
  public let indices: [Int32]
}
