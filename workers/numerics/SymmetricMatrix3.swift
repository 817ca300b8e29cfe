import Glibc

/// A symmetric matrix of three by three.
public struct SymmetricMatrix3: Hashable, Sendable {
  public var xx: Double
  public var xy: Double
  public var xz: Double
  public var yy: Double
  public var yz: Double
  public var zz: Double

  @inlinable public init(xx: Double, xy: Double, xz: Double, yy: Double, yz: Double, zz: Double) {
    (self.xx, self.xy, self.xz, self.yy, self.yz, self.zz) = (xx, xy, xz, yy, yz, zz)
  }

  @inlinable public static func * (matrix: Self, vector: SIMD3<Double>) -> SIMD3<Double> {
    SIMD3(
      matrix.xx * vector.x + matrix.xy * vector.y + matrix.xz * vector.z,
      matrix.xy * vector.x + matrix.yy * vector.y + matrix.yz * vector.z,
      matrix.xz * vector.x + matrix.yz * vector.y + matrix.zz * vector.z)
  }
}

/// The eigenvalues of a symmetric matrix, largest first, and the vectors of length 1 that go with them, at right angles to
/// one another.
public struct Eigensystem3: Hashable, Sendable {
  public var values: SIMD3<Double>
  public var vectors: (first: SIMD3<Double>, second: SIMD3<Double>, third: SIMD3<Double>)

  public static func == (a: Self, b: Self) -> Bool { a.values == b.values && a.vectors == b.vectors }

  public func hash(into hasher: inout Hasher) { hasher.combine(values) }
}

extension SymmetricMatrix3 {
  /// Eigenvalues and eigenvectors, exact to a few units of the last place of the largest value.
  ///
  /// The value that stands farthest from the other two comes from the cubic's closed form (Smith, Communications of the ACM 4,
  /// 1961), its vector from a cross product, and the other two from the matrix of two by two that is left: the closed form alone
  /// would lose half of the digits where two values are close (Kopp, International Journal of Modern Physics C 19, 2008). Where
  /// even the first value hardly stands apart, Jacobi's rotations do it all.
  ///
  /// - Complexity: O(1), a few hundred nanoseconds.
  public func eigensystem() -> Eigensystem3 {
    let scale = max(abs(xx), abs(yy), abs(zz), abs(xy), abs(xz), abs(yz))
    guard scale > Self.scaleLeast, scale < Self.scaleMost else { return jacobiEigensystem() }
    return closedForm() ?? jacobiEigensystem()
  }

  /// Outside of this, fourth powers might overflow or vanish.
  private static let scaleLeast = 1e-50
  private static let scaleMost = 1e50
  /// How far values must lie apart, as a share of their mean, for the closed form.
  private static let spreadLeast = 1e-6

  private func closedForm() -> Eigensystem3? {
    let mean = (xx + yy + zz) / 3
    let (a, b, c) = (xx - mean, yy - mean, zz - mean)
    let spread = ((a * a + b * b + c * c + 2 * (xy * xy + xz * xz + yz * yz)) / 6).squareRoot()
    guard spread > Self.spreadLeast * abs(mean) else { return nil }
    let determinant = a * (b * c - yz * yz) - xy * (xy * c - yz * xz) + xz * (xy * yz - b * xz)
    let ratio = min(1, max(-1, determinant / (2 * spread * spread * spread)))
    // The largest value stands apart where the ratio is positive, else the smallest.
    let isLargest = ratio >= 0
    let apart = 2 * spread * cos(acos(abs(ratio)) / 3)
    let offset = isLargest ? apart : -apart
    guard let vector = Self.null(a - offset, xy, xz, b - offset, yz, c - offset) else { return nil }
    return complete(mean + offset, vector, isLargest: isLargest)
  }

  /// The direction that a singular matrix maps to nothing: the largest cross product of its rows.
  @inline(__always) private static func null(
    _ xx: Double, _ xy: Double, _ xz: Double, _ yy: Double, _ yz: Double, _ zz: Double
  ) -> SIMD3<Double>? {
    let first = SIMD3(xy * yz - xz * yy, xz * xy - xx * yz, xx * yy - xy * xy)
    let second = SIMD3(xy * zz - xz * yz, xz * xz - xx * zz, xx * yz - xy * xz)
    let third = SIMD3(yy * zz - yz * yz, yz * xz - xy * zz, xy * yz - yy * xz)
    let (one, two, three) = (dot(first, first), dot(second, second), dot(third, third))
    let (best, length) = one >= two && one >= three ? (first, one) : two >= three ? (second, two) : (third, three)
    guard length > 0 else { return nil }
    return best / length.squareRoot()
  }

  /// The other two values and vectors, from the plane at right angles to `vector`.
  private func complete(_ value: Double, _ vector: SIMD3<Double>, isLargest: Bool) -> Eigensystem3 {
    let u = Self.orthogonal(to: vector)
    let v = cross(vector, u)
    let (mappedU, mappedV) = (self * u, self * v)
    let (uu, uv, vv) = (dot(u, mappedU), dot(u, mappedV), dot(v, mappedV))
    let half = (uu - vv) / 2
    let root = (half * half + uv * uv).squareRoot()
    let middle = (uu + vv) / 2
    // The vector of the larger one, without cancellation.
    var (p, q) = half >= 0 ? (half + root, uv) : (uv, root - half)
    let length = (p * p + q * q).squareRoot()
    (p, q) = length > 0 ? (p / length, q / length) : (1, 0)
    let larger = u * p + v * q
    let smaller = v * p - u * q
    if isLargest {
      return Eigensystem3(values: SIMD3(value, middle + root, middle - root), vectors: (vector, larger, smaller))
    }
    return Eigensystem3(values: SIMD3(middle + root, middle - root, value), vectors: (larger, smaller, vector))
  }

  @inline(__always) private static func orthogonal(to vector: SIMD3<Double>) -> SIMD3<Double> {
    let isFlat = abs(vector.x) > abs(vector.y)
    let raw = isFlat ? SIMD3(-vector.z, 0, vector.x) : SIMD3(0, vector.z, -vector.y)
    return raw / dot(raw, raw).squareRoot()
  }
}

@inlinable public func dot(_ a: SIMD3<Double>, _ b: SIMD3<Double>) -> Double { a.x * b.x + a.y * b.y + a.z * b.z }

@inlinable public func cross(_ a: SIMD3<Double>, _ b: SIMD3<Double>) -> SIMD3<Double> {
  SIMD3(a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x)
}
