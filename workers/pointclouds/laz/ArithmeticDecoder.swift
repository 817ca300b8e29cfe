/// Reads symbols and bits from a range of compressed bytes, and never past its end.
///
/// Sound data never make a decoder read past the end; damaged data do, sooner or later, and then it delivers zeros and
/// says so by `isExhausted`. `length` never reaches zero, whatever the bytes: every symbol of a model keeps a share of at
/// least one step of its distribution, and a renormalized length has at least 512 of them.
@safe struct ArithmeticDecoder: ArithmeticCoder {
  /// The next byte, past `end` once more were wanted than there are.
  private var next: UnsafeRawPointer
  private let end: UnsafeRawPointer
  /// The place within the current interval.
  private var value: UInt32 = 0
  private var length: UInt32 = .max

  var isEncoder: Bool { @inline(__always) get { false } }

  /// Bytes that have not been read, below 0 if more were wanted. An encoder writes exactly what its decoder reads, so at
  /// the end of sound data there are none.
  var remaining: Int { @inline(__always) get { unsafe end - next } }

  var isExhausted: Bool { @inline(__always) get { remaining < 0 } }

  /// - Parameter bytes: must outlive the decoder and not be empty.
  init(_ bytes: UnsafeRawBufferPointer) {
    unsafe next = bytes.baseAddress.unsafelyUnwrapped
    unsafe end = next + bytes.count
    for _ in 0..<4 { value = value << 8 | nextByte() }
  }

  @inline(__always) private mutating func nextByte() -> UInt32 {
    defer { unsafe next += 1 }
    return unsafe next < end ? UInt32(next.load(as: UInt8.self)) : 0
  }

  @inline(__always) private mutating func renormalize() {
    while length < CodeInterval.lengthMin {
      value = value << 8 | nextByte()
      length <<= 8
    }
  }

  @inline(__always) mutating func bit(_ bit: Bool, _ model: AdaptiveBit) -> Bool {
    let split = model.zeroProbability &* (length >> AdaptiveBit.lengthShift)
    let isOne = value >= split
    if isOne {
      value &-= split
      length &-= split
    } else {
      length = split
    }
    renormalize()
    model.count(isOne)
    return isOne
  }

  @inline(__always) mutating func symbol(_ symbol: Int, _ model: AdaptiveSymbols) -> Int {
    let upper = length
    length >>= AdaptiveSymbols.lengthShift
    let (symbol, low) = model.find(value / length)
    let base = low &* length
    let top = symbol == model.last ? upper : model.cumulative(symbol &+ 1) &* length
    value &-= base
    length = top &- base
    renormalize()
    model.count(symbol, isSearched: true)
    return symbol
  }

  @inline(__always) mutating func fewBits(_ bits: UInt32, _ count: Int) -> UInt32 {
    length >>= UInt32(truncatingIfNeeded: count)
    let bits = value / length
    value &-= bits &* length
    renormalize()
    return bits & (1 << UInt32(truncatingIfNeeded: count) &- 1)
  }
}
