/// Codes integers as corrections to a prediction (Isenburg 2013, section on integer compression): the number of
/// bits `k` of the correction by a model of its context, its highest eight bits by a model of `k`, the rest raw.
@safe struct IntegerCoder {
  private let contexts: ModelFamily
  private let zero: AdaptiveBit
  private let corrections: UnsafePointer<AdaptiveSymbols>
  private let range: Int32
  private let minimum: Int32
  /// The bits of the latest correction: how well things are predicted just now.
  private(set) var bitCount = 0

  private static let modelledBits = 8

  /// - Parameters:
  ///   - bits: the width of the numbers, 8, 16 or 32.
  ///   - contexts: how many contexts tell apart how wide corrections are.
  init(_ arena: ModelArena, bits: Int, contexts: Int = 1) {
    self.contexts = arena.family(contexts, of: bits + 1)
    zero = arena.bitModel()
    let models = (1...bits).map { arena.symbolModel(1 << min($0, Self.modelledBits)) }
    let pointer = unsafe arena.values(bits + 1, models[0])
    for (index, model) in models.enumerated() { unsafe pointer[index + 1] = model }
    unsafe corrections = unsafe UnsafePointer(pointer)
    range = bits == 32 ? 0 : 1 << Int32(bits)
    minimum = bits == 32 ? .min : -(1 << Int32(bits - 1))
  }

  @inline(__always) mutating func code(
    _ value: Int32, near prediction: Int32, context: Int = 0, with coder: inout some ArithmeticCoder
  ) -> Int32 {
    if coder.isEncoder {
      _ = correction(folded(value &- prediction), context, &coder)
      return value
    }
    var value = prediction &+ correction(0, context, &coder)
    if range != 0 {
      if value < 0 { value &+= range } else if value >= range { value &-= range }
    }
    return value
  }

  /// Narrow numbers wrap around, so that no correction is wider than they.
  @inline(__always) private func folded(_ correction: Int32) -> Int32 {
    guard range != 0 else { return correction }
    if correction < minimum { return correction &+ range }
    return correction >= minimum &+ range ? correction &- range : correction
  }

  /// Corrections of `k` bits are those from `1 - 2^k` to `2^k`, those of fewer bits left out.
  @inline(__always) private mutating func correction(
    _ given: Int32, _ context: Int, _ coder: inout some ArithmeticCoder
  ) -> Int32 {
    let width = coder.isEncoder ? Self.bitCount(given) : 0
    bitCount = coder.symbol(width, contexts[context])
    guard bitCount > 0 else { return coder.bit(given != 0, zero) ? 1 : 0 }
    guard bitCount < 32 else { return minimum }
    // The place of the correction among those of as many bits.
    let half: Int32 = 1 &<< Int32(truncatingIfNeeded: bitCount &- 1)
    let place = !coder.isEncoder ? 0 : given > 0 ? given &- 1 : given &+ (half &<< 1 &- 1)
    let rest = bitCount > Self.modelledBits ? bitCount &- Self.modelledBits : 0
    let shift = Int32(truncatingIfNeeded: rest)
    var value = unsafe Int32(
      truncatingIfNeeded: coder.symbol(Int(truncatingIfNeeded: place &>> shift), corrections[bitCount]))
    // To write no bits changes nothing, and a branch could not be foreseen.
    if coder.isEncoder || rest > 0 {
      let low = coder.bits(UInt32(bitPattern: place & (1 &<< shift &- 1)), rest)
      value = value &<< shift | Int32(bitPattern: low)
    }
    return value &+ (value >= half ? 1 : 1 &- half &<< 1)
  }

  @inline(__always) private static func bitCount(_ correction: Int32) -> Int {
    32 - UInt32(bitPattern: correction <= 0 ? 0 &- correction : correction &- 1).leadingZeroBitCount
  }
}
