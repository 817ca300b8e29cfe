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
    value = lastBytes()
    unsafe next += 4
  }

  /// Reads as many bytes as the length has leading zeros, three at most: all at once, as a branch for each could not be
  /// foreseen.
  @inline(__always) private mutating func renormalize() {
    let bits = UInt32(truncatingIfNeeded: length.leadingZeroBitCount) & 0x18
    var bytes: UInt32 = 0
    if remaining >= 4 { bytes = unsafe next.loadUnaligned(as: UInt32.self).bigEndian } else { bytes = lastBytes() }
    unsafe next += Int(bits &>> 3)
    value = value &<< bits | (bytes &>> 1) &>> (31 &- bits)
    length = length &<< bits
  }

  /// The next four bytes, zeros after the last.
  @inline(never) private func lastBytes() -> UInt32 {
    (0..<4).reduce(0) { bytes, index in
      bytes << 8 | (index < remaining ? unsafe UInt32(next.load(fromByteOffset: index, as: UInt8.self)) : 0)
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
    let (symbol, low, high) = model.find(value / length)
    let (base, top) = (low &* length, high &* length)
    value &-= base
    length = (symbol == model.last ? upper : top) &- base
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
