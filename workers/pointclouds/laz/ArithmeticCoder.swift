// The adaptive arithmetic coder of LASzip: Isenburg, "LASzip: lossless compression of LiDAR data", PE&RS 79(2), 2013,
// after Said, "Introduction to arithmetic coding: theory and practice", HP Laboratories HPL-2004-76, 2004.

/// Reads symbols and bits, or writes them.
///
/// What codes an item hands over the value it has and goes on with the one it gets back: an encoder writes the value
/// and returns it, a decoder ignores it and returns what it read. So an item is described once for both, and the two
/// cannot come to differ. The direction is known where a loop over points is compiled, and costs nothing in it.
protocol ArithmeticCoder {
  /// Whether given values are written.
  var isEncoder: Bool { get }
  /// Whether a decoder has wanted more bytes than there are.
  var isExhausted: Bool { get }
  mutating func bit(_ bit: Bool, _ model: AdaptiveBit) -> Bool
  /// One of a model's symbols.
  mutating func symbol(_ symbol: Int, _ model: AdaptiveSymbols) -> Int
  /// Bits that no model describes, at most 19 of them.
  mutating func fewBits(_ bits: UInt32, _ count: Int) -> UInt32
}

extension ArithmeticCoder {
  @inline(__always) mutating func byte(_ byte: UInt8, _ model: AdaptiveSymbols) -> UInt8 {
    UInt8(truncatingIfNeeded: symbol(Int(byte), model))
  }

  /// Bits that no model describes, at most 32 of them.
  @inline(__always) mutating func bits(_ bits: UInt32, _ count: Int) -> UInt32 {
    guard count > 19 else { return fewBits(bits, count) }
    let low = fewBits(bits & 0xFFFF, 16)
    return fewBits(bits >> 16, count - 16) << 16 | low
  }

  /// 32 bits that no model describes.
  @inline(__always) mutating func word(_ word: UInt32) -> UInt32 { bits(word, 32) }

  mutating func doubleWord(_ value: UInt64) -> UInt64 {
    let low = UInt64(word(UInt32(truncatingIfNeeded: value)))
    return UInt64(word(UInt32(truncatingIfNeeded: value >> 32))) << 32 | low
  }
}

/// The interval that coder and decoder narrow in step.
enum CodeInterval {
  /// A shorter one is widened by a byte, or several, before it is narrowed again.
  static let lengthMin: UInt32 = 1 << 24
}
