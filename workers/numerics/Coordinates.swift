/// Places in space as three columns of equal length, all finite.
///
/// What takes `Coordinates` need not look for NaN again. Columns are doubles: a map coordinate of millions of metres keeps its
/// millimetres, which single precision would lose. Distances are more exact still when the columns are counted from a
/// place among the points.
public struct Coordinates: Sendable {
  public let x: [Double]
  public let y: [Double]
  public let z: [Double]

  /// - Throws: where columns differ in length, are longer than `countMax`, or hold NaN, an infinity or a value beyond `magnitudeMax`.
  /// - Complexity: one pass.
  public init(x: [Double], y: [Double], z: [Double]) throws(CoordinatesError) {
    guard x.count == y.count, y.count == z.count else { throw .columnsDiffer(x: x.count, y: y.count, z: z.count) }
    guard x.count <= Self.countMax else { throw .tooMany(count: x.count) }
    for (axis, column) in [x, y, z].enumerated() where !Self.isUsable(column) {
      let index = column.firstIndex { !Self.isUsable($0) } ?? 0
      throw .notFinite(axis: axis, index: index)
    }
    (self.x, self.y, self.z) = (x, y, z)
  }

  /// As above, from places one after the other.
  public init(_ places: [SIMD3<Double>]) throws(CoordinatesError) {
    try self.init(x: places.map(\.x), y: places.map(\.y), z: places.map(\.z))
  }

  /// Indices are kept in 32 bits.
  public static let countMax = Int(Int32.max) - 64

  /// Differences stay finite in single precision, and their squares in double precision.
  public static let magnitudeMax = 1e30

  public var count: Int { x.count }

  @inlinable public subscript(index: Int) -> SIMD3<Double> { SIMD3(x[index], y[index], z[index]) }

  /// The corners of the smallest box around all points. Nil without points.
  public func bounds() -> (low: SIMD3<Double>, high: SIMD3<Double>)? {
    guard count > 0 else { return nil }
    let (x, y, z) = (Self.range(x), Self.range(y), Self.range(z))
    return (SIMD3(x.low, y.low, z.low), SIMD3(x.high, y.high, z.high))
  }

  private static func isUsable(_ value: Double) -> Bool { abs(value) <= magnitudeMax }

  /// Without a branch for each value, so that it goes eight at a time.
  private static func isUsable(_ column: [Double]) -> Bool {
    var (faults, index) = (SIMD8<Int64>(repeating: 0), 0)
    while index + 8 <= column.count {
      var part = SIMD8<Double>()
      for lane in 0..<8 { part[lane] = column[index + lane] }
      let magnitude = part.replacing(with: -part, where: part .< 0)
      faults |= SIMD8(repeating: -1).replacing(with: 0, where: magnitude .<= magnitudeMax)
      index += 8
    }
    return faults == SIMD8(repeating: 0) && column[index...].allSatisfy(isUsable)
  }

  private static func range(_ column: [Double]) -> (low: Double, high: Double) {
    var (lows, highs) = (SIMD8(repeating: Double.infinity), SIMD8(repeating: -Double.infinity))
    var index = 0
    while index + 8 <= column.count {
      var part = SIMD8<Double>()
      for lane in 0..<8 { part[lane] = column[index + lane] }
      lows = lows.replacing(with: part, where: part .< lows)
      highs = highs.replacing(with: part, where: part .> highs)
      index += 8
    }
    let rest = column[index...]
    let (low, high) = (min(lows.min(), rest.min() ?? .infinity), max(highs.max(), rest.max() ?? -.infinity))
    return (low, high)
  }
}

/// Why columns are no coordinates.
public enum CoordinatesError: Error, Hashable, Sendable {
  case columnsDiffer(x: Int, y: Int, z: Int)
  case tooMany(count: Int)
  /// Axis 0 is x. Also where a value is too large for its square to be finite.
  case notFinite(axis: Int, index: Int)
}
