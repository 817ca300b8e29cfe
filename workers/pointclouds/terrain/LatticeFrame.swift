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

  /// The lattice of all points of a cloud.
  /// - Throws: `unsupported` where the steps are so unequal that all points lie on a line along an axis; `empty` without points.
  init(_ positions: Positions) throws(PointCloudError) {
    guard let left = positions.x.min(), let right = positions.x.max(), let low = positions.y.min(),
      let high = positions.y.max()
    else { throw PointCloudError(.empty, "the cloud has no point", remedy: "Give a file with points.") }
    try self.init(SIMD2(left, low), SIMD2(right, high), scale: positions.scale, offset: positions.offset)
  }

  /// The lattice of all points between two places in the file's steps.
  init(_ first: SIMD2<Int32>, _ last: SIMD2<Int32>, scale: Vector3, offset: Vector3) throws(PointCloudError) {
    let finest = min(abs(scale.x), abs(scale.y))
    guard finest > 0, max(abs(scale.x), abs(scale.y)) / finest <= Self.ratioMax else {
      throw PointCloudError(
        .unsupported, "coordinates in steps of \(scale.x) and \(scale.y) make no surface",
        remedy: "Give the file scale factors greater than 0.", offset: 131)
    }
    ratio = SIMD2(scale.x, scale.y) / finest
    self.offset = SIMD2(offset.x, offset.y)
    // Steps may be negative.
    let (one, other) = (Self.steps(first.x, first.y, ratio), Self.steps(last.x, last.y, ratio))
    let (low, high) = (pointwiseMin(one, other), pointwiseMax(one, other))
    var shift: Int64 = 0
    while ((high &>> shift) &- (low &>> shift)).max() >= Int64(Triangulation.coordinateLimit) { shift += 1 }
    self.shift = shift
    self.low = low &>> shift
    self.last = (high &>> shift) &- self.low
    step = finest * Double(Int64(1) << shift)
  }

  @inline(__always) private static func steps(_ x: Int32, _ y: Int32, _ ratio: SIMD2<Double>) -> SIMD2<Int64> {
    let steps = (SIMD2(Double(x), Double(y)) * ratio).rounded(.toNearestOrEven)
    // Converted one by one: a whole vector goes through a conversion for any kind of number.
    return SIMD2(Int64(steps.x), Int64(steps.y))
  }

  /// The last place along each axis.
  var extent: SIMD2<Double> { SIMD2(Double(last.x), Double(last.y)) }

  /// The place of a point in the file's steps.
  @inline(__always) func place(_ x: Int32, _ y: Int32) -> SIMD2<Int32> {
    let place = (Self.steps(x, y, ratio) &>> shift) &- low
    return SIMD2(Int32(truncatingIfNeeded: place.x), Int32(truncatingIfNeeded: place.y))
  }

  /// Coordinates in steps of the lattice, between its places too.
  func steps(_ plane: SIMD2<Double>) -> SIMD2<Double> { (plane - offset) / step - SIMD2(Double(low.x), Double(low.y)) }

  /// The coordinates of what lies so many steps from the corner of the lattice.
  func plane(_ steps: SIMD2<Double>) -> SIMD2<Double> { (steps + SIMD2(Double(low.x), Double(low.y))) * step + offset }

  /// The place that is nearest to coordinates; nil where that lies beyond the cloud.
  @inline(__always) func place(_ plane: SIMD2<Double>) -> SIMD2<Int32>? {
    let steps = ((plane - offset) / step).rounded(.toNearestOrEven)
    guard steps.x.magnitude < 0x1p62, steps.y.magnitude < 0x1p62 else { return nil }
    let place = SIMD2(Int64(steps.x), Int64(steps.y)) &- low
    guard place.x >= 0, place.y >= 0, place.x <= last.x, place.y <= last.y else { return nil }
    return SIMD2(Int32(truncatingIfNeeded: place.x), Int32(truncatingIfNeeded: place.y))
  }
}
