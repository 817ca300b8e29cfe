/// Numbers along a curve that visits places near one another soon after one another (Morton 1966).
///
/// Queries in this order find the nodes and points that they need where the query before left them: in the cache.
public enum MortonCode {
  /// Bits for each axis.
  public static let bitsPerAxis = 21

  /// The code of a cell: the bits of x, y and z by turns, that of x lowest. Only the lower 21 bits of each count.
  @inlinable public static func encode(_ x: UInt32, _ y: UInt32, _ z: UInt32) -> UInt64 {
    spread(x) | spread(y) << 1 | spread(z) << 2
  }

  /// The cell of a code.
  @inlinable public static func decode(_ code: UInt64) -> (x: UInt32, y: UInt32, z: UInt32) {
    (gather(code), gather(code >> 1), gather(code >> 2))
  }

  /// The indices of all points in the order of their codes; points of one cell keep their own order. Cells are cubes, 2²¹
  /// along the longest side of the box around all points.
  ///
  /// - Complexity: O(points), on at most `threads` threads; 44 bytes for each point while it runs.
  public static func order(of points: Coordinates, threads: Int) -> [Int32] {
    guard let (low, high) = points.bounds() else { return [] }
    let side = (high - low).max()
    let scale = side > 0 ? Double(1 << bitsPerAxis - 1) / side : 0
    let codes = parallelMap(points.count, threads: threads) { index in
      // Not negative, so that dropping the fraction rounds down.
      let cell = (points[index] - low) * scale
      return encode(UInt32(cell.x), UInt32(cell.y), UInt32(cell.z))
    }
    return RadixSort.order(of: codes, bits: 3 * bitsPerAxis, threads: threads)
  }

  @usableFromInline static func spread(_ value: UInt32) -> UInt64 {
    var bits = UInt64(value & 0x1F_FFFF)
    bits = (bits | bits << 32) & 0x001F_0000_0000_FFFF
    bits = (bits | bits << 16) & 0x001F_0000_FF00_00FF
    bits = (bits | bits << 8) & 0x100F_00F0_0F00_F00F
    bits = (bits | bits << 4) & 0x10C3_0C30_C30C_30C3
    return (bits | bits << 2) & 0x1249_2492_4924_9249
  }

  @usableFromInline static func gather(_ code: UInt64) -> UInt32 {
    var bits = code & 0x1249_2492_4924_9249
    bits = (bits | bits >> 2) & 0x10C3_0C30_C30C_30C3
    bits = (bits | bits >> 4) & 0x100F_00F0_0F00_F00F
    bits = (bits | bits >> 8) & 0x001F_0000_FF00_00FF
    bits = (bits | bits >> 16) & 0x001F_0000_0000_FFFF
    return UInt32(truncatingIfNeeded: (bits | bits >> 32) & 0x1F_FFFF)
  }
}
