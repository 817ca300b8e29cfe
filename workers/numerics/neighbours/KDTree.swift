/// A balanced k-d tree over points in space, for their nearest neighbours and those within a radius (Bentley,
/// Communications of the ACM 18, 1975; Friedman, Bentley, Finkel, ACM Transactions on Mathematical Software 3, 1977).
///
/// Every split is at the median along the longest side of the box around the points, so that the tree has no pointers: node `n` has the children
/// `2n` and `2n + 1`, and its points lie one after another. They are kept leaf by leaf as columns counted from the least corner of
/// all points, in double precision, so that distances are those of the coordinates to the last few bits.
///
/// Neighbours at equal distances are ordered by their indices: an answer depends on nothing but the points, neither on
/// the shape of the tree nor on the number of threads.
public final class KDTree: Sendable {
  /// How many points there are.
  public let count: Int
  /// What was taken off all coordinates.
  public let origin: SIMD3<Double>
  /// 2 to this power is how many leaves there are.
  let depth: Int
  /// Coordinates leaf by leaf, and places without a point behind them that a vector may reach into.
  let x: [Double]
  let y: [Double]
  let z: [Double]
  /// The index that the point of each slot had.
  let indices: [Int32]
  /// The tight box around the points of each node. The root is number 1.
  let boxes: [Box]

  /// The most points of a leaf, so that there are 8 to 16. With 10 to 20 sweeps took the same time, as far as could be read.
  public static let leafSizeMax = 16
  /// Slots behind the last point.
  static let padding = 8

  /// - Parameter origin: what is taken off all coordinates; their least corner where it is nil. Trees over parts of a cloud that have the same one
  ///   show the same neighbourhoods to the last bit.
  /// - Complexity: O(n log n), about 60 bytes for each point while it is built and 36 after.
  public init(_ points: Coordinates, origin: SIMD3<Double>? = nil, threads: Int = 1) {
    let bounds = points.bounds() ?? (.zero, .zero)
    count = points.count
    let origin = origin ?? bounds.low
    self.origin = origin
    var depth = 0
    while points.count > Self.leafSizeMax << depth { depth += 1 }
    self.depth = depth
    let built = KDTreeBuilder(points, origin: origin, depth: depth, threads: threads).build()
    (x, y, z, indices, boxes) = (built.x, built.y, built.z, built.indices, built.boxes)
  }

  var leafCount: Int { 1 << depth }

  /// The slots of a leaf.
  @inline(__always) func slots(ofLeaf leaf: Int) -> Range<Int> { Self.slots(count, level: depth, place: leaf) }

  /// The slots of a node on a level, 0 being the root's, counted from the left.
  @inline(__always) static func slots(_ count: Int, level: Int, place: Int) -> Range<Int> {
    (count * place) >> level..<(count * (place + 1)) >> level
  }
}

/// A box with sides along the axes.
struct Box: Sendable {
  var low: SIMD3<Double>
  var high: SIMD3<Double>

  static let empty = Box(low: SIMD3(repeating: .infinity), high: SIMD3(repeating: -.infinity))

  /// The square of the distance to the nearest point of the box, 0 inside.
  @inline(__always) func squaredDistance(to x: Double, _ y: Double, _ z: Double) -> Double {
    let dx = beyond(low.x - x, x - high.x)
    let dy = beyond(low.y - y, y - high.y)
    let dz = beyond(low.z - z, z - high.z)
    return dx * dx + dy * dy + dz * dz
  }

  /// The square of the distance between the nearest points of two boxes.
  @inline(__always) func squaredDistance(to other: Box) -> Double {
    let dx = beyond(low.x - other.high.x, other.low.x - high.x)
    let dy = beyond(low.y - other.high.y, other.low.y - high.y)
    let dz = beyond(low.z - other.high.z, other.low.z - high.z)
    return dx * dx + dy * dy + dz * dz
  }
}

/// The larger of two, or 0 where both are below. (`max` does more, for NaN, of which there is none here.)
@inline(__always) private func beyond(_ a: Double, _ b: Double) -> Double {
  let larger = a > b ? a : b
  return larger > 0 ? larger : 0
}
