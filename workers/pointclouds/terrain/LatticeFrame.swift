import Numerics

/// Where the lattice of a triangulation lies: the file's own steps in x and y, so that no place loses a bit, and tiles of one
/// file have the same.
///
/// Where the two steps differ, it has the smaller one, and places along the other axis are rounded to it. Where the cloud
/// is wider than `Triangulation.coordinateLimit`, as many last bits are dropped as have to be.
struct LatticeFrame: Sendable {
  /// How long a step of the lattice is.
  let step: Double
  private let offset: SIMD2<Double>
  /// Steps of the lattice for each of the file.
  private let ratio: SIMD2<Double>
  private let shift: Int64
  /// The corner of the cloud.
  private let low: SIMD2<Int64>
  /// The cloud's last place along each axis, from that corner.
  let last: SIMD2<Int64>

  /// The most that one step may be of the other: places then have fewer than 62 bits.
  private static let ratioMax = 0x1p30

  /// - Throws: `unsupported` where the steps are so unequal that all points lie on a line along an axis; `empty` without points.
  init(_ positions: Positions) throws(PointCloudError) {
    let scale = SIMD2(positions.scale.x, positions.scale.y)
    let finest = min(abs(scale.x), abs(scale.y))
    guard finest > 0, max(abs(scale.x), abs(scale.y)) / finest <= Self.ratioMax else {
      throw PointCloudError(
        .unsupported, "coordinates in steps of \(scale.x) and \(scale.y) make no surface",
        remedy: "Give the file scale factors greater than 0.", offset: 131)
    }
    guard positions.count > 0 else {
      throw PointCloudError(.empty, "the cloud has no point", remedy: "Give a file with points.")
    }
    ratio = scale / finest
    offset = SIMD2(positions.offset.x, positions.offset.y)
    var (low, high) = (SIMD2<Int64>(repeating: .max), SIMD2<Int64>(repeating: .min))
    for index in 0..<positions.count {
      let steps = Self.steps(positions, index, ratio)
      low = pointwiseMin(low, steps)
      high = pointwiseMax(high, steps)
    }
    var shift: Int64 = 0
    while ((high &>> shift) &- (low &>> shift)).max() >= Int64(Triangulation.coordinateLimit) { shift += 1 }
    self.shift = shift
    self.low = low &>> shift
    last = (high &>> shift) &- self.low
    step = finest * Double(Int64(1) << shift)
  }

  private static func steps(_ positions: Positions, _ index: Int, _ ratio: SIMD2<Double>) -> SIMD2<Int64> {
    let steps = (SIMD2(Double(positions.x[index]), Double(positions.y[index])) * ratio).rounded(.toNearestOrEven)
    // Converted one by one: a whole vector goes through a conversion for any kind of number.
    return SIMD2(Int64(steps.x), Int64(steps.y))
  }

  /// The place of a point of the cloud.
  @inline(__always) func place(_ positions: Positions, _ index: Int) -> SIMD2<Int32> {
    SIMD2(truncatingIfNeeded: (Self.steps(positions, index, ratio) &>> shift) &- low)
  }

  /// Coordinates in steps of the lattice, between its places too.
  func steps(_ plane: SIMD2<Double>) -> SIMD2<Double> { (plane - offset) / step - SIMD2<Double>(low) }

  /// The coordinates of what lies so many steps from the corner of the lattice.
  func plane(_ steps: SIMD2<Double>) -> SIMD2<Double> { (steps + SIMD2<Double>(low)) * step + offset }

  /// The place that is nearest to coordinates; nil where that lies beyond the cloud.
  @inline(__always) func place(_ plane: SIMD2<Double>) -> SIMD2<Int32>? {
    let steps = ((plane - offset) / step).rounded(.toNearestOrEven)
    guard steps.x.magnitude < 0x1p62, steps.y.magnitude < 0x1p62 else { return nil }
    let place = SIMD2(Int64(steps.x), Int64(steps.y)) &- low
    guard place.x >= 0, place.y >= 0, place.x <= last.x, place.y <= last.y else { return nil }
    return SIMD2(truncatingIfNeeded: place)
  }
}
