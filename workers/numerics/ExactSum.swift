/// A sum of 32-bit numbers without any rounding: the same in whatever order they come, and however they are parted.
///
/// Whole multiples of each power of two are counted apart. NaN and infinities are left out.
public struct ExactSum: Hashable, Sendable {
  /// For each exponent the sum of the numbers' 24 bits: room for 2^39 numbers.
  private var sums = [Int64](repeating: 0, count: Self.exponents)

  private static let exponents = 255

  public init() {}

  @inline(__always) public mutating func add(_ value: Float) {
    let bits = value.bitPattern
    let exponent = Int(bits >> 23 & 0xFF)
    guard exponent < Self.exponents else { return }
    // Without the leading one that normal numbers have.
    let fraction = Int64(bits & 0x7F_FFFF) | (exponent > 0 ? 1 << 23 : 0)
    sums[max(1, exponent)] &+= value.sign == .minus ? -fraction : fraction
  }

  public mutating func add(_ other: ExactSum) {
    for exponent in sums.indices { sums[exponent] &+= other.sums[exponent] }
  }

  /// The sum, rounded once for each power of two.
  public var value: Double {
    var (value, weight) = (0.0, 0x1p-150)
    for sum in sums {
      value += Double(sum) * weight
      weight *= 2
    }
    return value
  }
}
