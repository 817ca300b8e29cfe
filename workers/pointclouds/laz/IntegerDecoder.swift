/// Decodes integers as corrections to a prediction (Isenburg 2013, section on integer compression): the number of
/// bits `k` of the correction by a model of its context, its highest eight bits by a model of `k`, the rest raw.
@safe struct IntegerDecoder {
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

  @inline(__always) mutating func decode(
    _ prediction: Int32, context: Int = 0, from decoder: inout ArithmeticDecoder
  ) -> Int32 {
    var value = prediction &+ correction(context, &decoder)
    if range != 0 {
      if value < 0 { value &+= range } else if value >= range { value &-= range }
    }
    return value
  }

  @inline(__always) private mutating func correction(_ context: Int, _ decoder: inout ArithmeticDecoder) -> Int32 {
    bitCount = decoder.symbol(contexts[context])
    guard bitCount > 0 else { return decoder.bit(zero) ? 1 : 0 }
    guard bitCount < 32 else { return minimum }
    var value = unsafe Int32(truncatingIfNeeded: decoder.symbol(corrections[bitCount]))
    if bitCount > Self.modelledBits {
      let rest = bitCount &- Self.modelledBits
      value = value << Int32(truncatingIfNeeded: rest) | Int32(truncatingIfNeeded: decoder.bits(rest))
    }
    let half: Int32 = 1 &<< Int32(truncatingIfNeeded: bitCount &- 1)
    return value >= half ? value &+ 1 : value &- (half &<< 1 &- 1)
  }
}
