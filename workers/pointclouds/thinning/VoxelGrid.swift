public import Numerics

/// Cubes of equal size in which points are brought together.
///
/// A cube (voxel) is that of all points whose coordinates, divided by the side and rounded down, are the same: grids of neighbouring
/// tiles fit together. Keys of all axes side by side are sorted by radix, and each group is then a run.
public struct VoxelGrid: Hashable, Sendable {
  /// The side of a cube, in the unit of the coordinates.
  public let cell: Double

  /// - Throws: `invalidParameter` where the side is not above 0.
  public init(cell: Double) throws(PointCloudError) {
    try requirePositive("cell", cell)
    self.cell = cell
  }

  /// Brings points together by their cubes.
  ///
  /// - Parameter keepGoing: asked before each step; once it answers false, the work ends.
  /// - Throws: `limitExceeded` where the points are so far apart, or so far from the origin, that cubes cannot be told
  ///   apart; `cancelled`.
  /// - Complexity: O(points), on at most `threads` threads, which do not change the result; 60 bytes for each point
  ///   while it runs, 4 for each point and 4 for each cube after.
  public func voxels(
    of points: Coordinates, threads: Int = 1, keepGoing: () -> Bool = { true }
  ) throws(PointCloudError) -> Voxels {
    let frame = try VoxelFrame(points, cell: cell)
    try proceed(keepGoing)
    let keys = parallelMap(points.count, threads: threads) { frame.key(points.x[$0], points.y[$0], points.z[$0]) }
    try proceed(keepGoing)
    let groups = Groups(keys: keys, bits: frame.bits, threads: threads)
    try proceed(keepGoing)
    return Voxels(grid: self, groups: groups)
  }
}

/// How cells are numbered: the bits of the three axes side by side, as few as the box around the points needs.
struct VoxelFrame: Sendable {
  let cell: Double
  /// The cell of the least corner.
  let first: SIMD3<Double>
  private let start: SIMD3<Int>
  let widths: SIMD3<Int>

  /// Beyond this many cells from the origin the place within a cell is no longer exact.
  private static let cellsFromOriginMax = 0x1p50
  /// What a key of 64 bits holds with its sign left alone: 21 for each axis, or more for one and fewer for another.
  static let bitsMax = 63

  var bits: Int { widths.x + widths.y + widths.z }

  init(_ points: Coordinates, cell: Double) throws(PointCloudError) {
    self.cell = cell
    let bounds = points.bounds() ?? (.zero, .zero)
    first = (bounds.low / cell).rounded(.down)
    let last = (bounds.high / cell).rounded(.down)
    let farthest = max(abs(first.x), abs(first.y), abs(first.z), abs(last.x), abs(last.y), abs(last.z))
    guard farthest <= Self.cellsFromOriginMax else {
      throw PointCloudError(
        .limitExceeded, "a coordinate is \(farthest) cells of \(cell) from the origin, farther than 2^50",
        remedy: "Check the file's scale and offset, or choose a larger cell.")
    }
    start = SIMD3(Int(first.x), Int(first.y), Int(first.z))
    let spans = last - first
    func width(_ span: Double) -> Int { Int.bitWidth - Int(span).leadingZeroBitCount }
    widths = SIMD3(width(spans.x), width(spans.y), width(spans.z))
    guard bits <= Self.bitsMax else {
      throw PointCloudError(
        .limitExceeded,
        "\(Int(spans.x)) by \(Int(spans.y)) by \(Int(spans.z)) cells of \(cell) are more than can be numbered by 63 bits",
        remedy: "Remove stray points far from the others, or choose a larger cell.")
    }
  }

  @inline(__always) func key(_ x: Double, _ y: Double, _ z: Double) -> UInt64 {
    let column = UInt64(truncatingIfNeeded: Self.floor(x / cell) &- start.x)
    let row = UInt64(truncatingIfNeeded: Self.floor(y / cell) &- start.y)
    let layer = UInt64(truncatingIfNeeded: Self.floor(z / cell) &- start.z)
    return (layer << UInt64(truncatingIfNeeded: widths.y) | row) << UInt64(truncatingIfNeeded: widths.x) | column
  }

  /// Rounding down without the call to the C library that it costs where the processor may lack an instruction for it.
  @inline(__always) private static func floor(_ value: Double) -> Int {
    let whole = Int(value)
    return whole &- (Double(whole) > value ? 1 : 0)
  }

  /// The corner of least coordinates of a key's cell.
  func corner(_ key: UInt64) -> SIMD3<Double> {
    let cells = cell(of: key)
    return (first + SIMD3(Double(cells.x), Double(cells.y), Double(cells.z))) * cell
  }

  func cell(of key: UInt64) -> SIMD3<Int> {
    let (columns, rows) = (UInt64(1) << UInt64(widths.x), UInt64(1) << UInt64(widths.y))
    return SIMD3(
      Int(key & (columns - 1)), Int(key >> UInt64(widths.x) & (rows - 1)), Int(key >> UInt64(widths.x + widths.y)))
  }
}
