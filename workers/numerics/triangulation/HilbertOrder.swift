/// Places in the order of a curve that fills the plane and never jumps (D. Hilbert, 1891).
enum HilbertOrder {
  /// Cells of the curve along the longer side, as a power of two: two passes of a radix sort.
  private static let bits: UInt32 = 11

  static func order(of places: [SIMD2<Int32>]) -> [Int32] {
    guard let first = places.first else { return [] }
    var (low, high) = (first, first)
    for place in places {
      low = pointwiseMin(low, place)
      high = pointwiseMax(high, place)
    }
    let side = UInt32(bitPattern: (high &- low).max())
    let used = UInt32(UInt32.bitWidth - side.leadingZeroBitCount)
    let shift = used > bits ? used - bits : 0
    let keys = places.map { place in
      let from = SIMD2<UInt32>(truncatingIfNeeded: place &- low)
      return UInt64(code(from.x >> shift, from.y >> shift))
    }
    return RadixSort.order(of: keys, bits: Int(2 * bits), threads: 1)
  }

  private static func code(_ column: UInt32, _ row: UInt32) -> UInt32 {
    var (x, y, code): (UInt32, UInt32, UInt32) = (column, row, 0)
    var level = bits
    while level > 0 {
      level &-= 1
      let (right, up) = (x >> level & 1, y >> level & 1)
      code = code << 2 | (3 &* right) ^ up
      // Lower quadrants are turned, the right one is also mirrored.
      let turned = up &- 1
      let mirror = turned & (0 &- right)
      let swap = (x ^ y) & turned
      (x, y) = (x ^ swap ^ mirror, y ^ swap ^ mirror)
    }
    return code
  }
}
