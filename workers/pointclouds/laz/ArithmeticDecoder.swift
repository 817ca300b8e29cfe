// The adaptive arithmetic coder of LASzip: Isenburg, "LASzip: lossless compression of LiDAR data", PE&RS 79(2), 2013,
// after Said, "Introduction to arithmetic coding: theory and practice", HP Laboratories HPL-2004-76, 2004.

/// Reads symbols and bits from a range of compressed bytes, and never past its end.
///
/// Sound data never make it read past the end; damaged data do, sooner or later, and then it delivers zeros and says so
/// in `isExhausted`.
@safe struct ArithmeticDecoder {
  private var next: UnsafePointer<UInt8>
  private let end: UnsafePointer<UInt8>
  private var value: UInt32 = 0
  private var length: UInt32 = .max
  private(set) var isExhausted = false

  /// Bytes not yet read. The coder writes exactly what its decoder reads, so at the end of sound data there are none.
  var remaining: Int { unsafe end - next }

  static let lengthMin: UInt32 = 1 << 24

  /// - Parameter bytes: must outlive the decoder and not be empty.
  init(_ bytes: UnsafeRawBufferPointer) {
    let base = unsafe bytes.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: UInt8.self)
    unsafe next = base
    unsafe end = unsafe base + bytes.count
    for _ in 0..<4 { value = value << 8 | nextByte() }
  }

  @inline(__always) private mutating func nextByte() -> UInt32 {
    guard unsafe next < end else {
      isExhausted = true
      return 0
    }
    defer { unsafe next += 1 }
    return unsafe UInt32(next.pointee)
  }

  @inline(__always) private mutating func renormalize() {
    while length < Self.lengthMin {
      value = value << 8 | nextByte()
      length <<= 8
    }
  }

  @inline(__always) mutating func bit(_ model: AdaptiveBit) -> Bool {
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

  @inline(__always) mutating func symbol(_ model: AdaptiveSymbols) -> Int {
    let upper = length
    length >>= AdaptiveSymbols.lengthShift
    let (symbol, low) = model.find(value / max(1, length))
    let base = low &* length
    let top = symbol == model.last ? upper : model.cumulative(symbol &+ 1) &* length
    value &-= base
    length = top &- base
    renormalize()
    model.count(symbol)
    return symbol
  }

  /// Bits that no model describes, at most 32 of them.
  @inline(__always) mutating func bits(_ count: Int) -> UInt32 {
    guard count > 19 else { return fewBits(count) }
    let low = fewBits(16)
    return fewBits(count - 16) << 16 | low
  }

  @inline(__always) private mutating func fewBits(_ count: Int) -> UInt32 {
    length >>= UInt32(truncatingIfNeeded: count)
    let bits = value / max(1, length)
    value &-= bits &* length
    renormalize()
    return bits & (1 << UInt32(truncatingIfNeeded: count) &- 1)
  }

  mutating func word() -> UInt32 {
    let low = fewBits(16)
    return fewBits(16) << 16 | low
  }
}
