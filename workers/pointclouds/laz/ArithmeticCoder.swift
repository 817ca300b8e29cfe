// The adaptive arithmetic coder of LASzip: Isenburg, "LASzip: lossless compression of LiDAR data", PE&RS 79(2), 2013,
// after Said, "Introduction to arithmetic coding: theory and practice", HP Laboratories HPL-2004-76, 2004.

/// Reads symbols and bits from a range of compressed bytes, and never past its end; or writes them.
///
/// What codes an item hands over the value it has and goes on with the one it gets back: an encoder writes the value
/// and returns it, a decoder ignores it and returns what it read. So an item is described once for both, and the two
/// cannot come to differ. To a decoder the other direction costs one foreseeable branch per symbol; being generic over
/// the direction costs it more, as the compiler does not see through so many layers.
///
/// Sound data never make a decoder read past the end; damaged data do, sooner or later, and then it delivers zeros and
/// says so by `isExhausted`. `length` never reaches zero, whatever the bytes: every symbol of a model keeps a share of at
/// least one step of its distribution, and a renormalized length has at least 512 of them.
@safe struct ArithmeticCoder {
  /// A decoder's next byte, past `end` once it has wanted more than there are; an encoder's `CodeBytes`.
  private var next: UnsafeRawPointer
  /// Where a decoder's bytes end. An encoder has none.
  private let end: UnsafeRawPointer?
  /// A decoder's place within the current interval; where the interval begins, in an encoder.
  private var value: UInt32 = 0
  private var length: UInt32 = .max

  /// Whether given values are written.
  var isEncoder: Bool { @inline(__always) get { unsafe end == nil } }

  /// Bytes that a decoder has not read, below 0 if it wanted more than there are. An encoder writes exactly what its
  /// decoder reads, so at the end of sound data there are none.
  var remaining: Int { @inline(__always) get { unsafe end.map { unsafe $0 - next } ?? 0 } }

  var isExhausted: Bool { @inline(__always) get { remaining < 0 } }

  private static let lengthMin: UInt32 = 1 << 24

  /// A decoder.
  /// - Parameter bytes: must outlive the decoder and not be empty.
  init(_ bytes: UnsafeRawBufferPointer) {
    unsafe next = bytes.baseAddress.unsafelyUnwrapped
    unsafe end = next + bytes.count
    for _ in 0..<4 { value = value << 8 | nextByte() }
  }

  /// An encoder.
  /// - Parameter output: is emptied, and must outlive the encoder.
  init(into output: CodeBytes) {
    output.bytes.removeAll(keepingCapacity: true)
    unsafe next = UnsafeRawPointer(Unmanaged.passUnretained(output).toOpaque())
    unsafe end = nil
  }

  private var output: CodeBytes { unsafe Unmanaged<CodeBytes>.fromOpaque(next).takeUnretainedValue() }

  @inline(__always) private mutating func nextByte() -> UInt32 {
    defer { unsafe next += 1 }
    return unsafe next < end.unsafelyUnwrapped ? UInt32(next.load(as: UInt8.self)) : 0
  }

  @inline(__always) private mutating func renormalize() {
    while length < Self.lengthMin {
      value = value << 8 | nextByte()
      length <<= 8
    }
  }

  @inline(__always) mutating func bit(_ bit: Bool, _ model: AdaptiveBit) -> Bool {
    let split = model.zeroProbability &* (length >> AdaptiveBit.lengthShift)
    if isEncoder {
      self = bit ? narrowed(from: split, to: length) : narrowed(from: 0, to: split)
      model.count(bit)
      return bit
    }
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

  /// One of a model's symbols.
  @inline(__always) mutating func symbol(_ symbol: Int, _ model: AdaptiveSymbols) -> Int {
    if isEncoder {
      self = encoded(symbol, model)
      return symbol
    }
    let upper = length
    length >>= AdaptiveSymbols.lengthShift
    let (symbol, low) = model.find(value / length)
    let base = low &* length
    let top = symbol == model.last ? upper : model.cumulative(symbol &+ 1) &* length
    value &-= base
    length = top &- base
    renormalize()
    model.count(symbol)
    return symbol
  }

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

  @inline(__always) private mutating func fewBits(_ bits: UInt32, _ count: Int) -> UInt32 {
    let step = length >> UInt32(truncatingIfNeeded: count)
    if isEncoder {
      self = narrowed(from: bits &* step, to: (bits &+ 1) &* step)
      return bits
    }
    length = step
    let bits = value / length
    value &-= bits &* length
    renormalize()
    return bits & (1 << UInt32(truncatingIfNeeded: count) &- 1)
  }
}

// Encoding. These return the coder that follows, so that a decoder's can stay in registers.
extension ArithmeticCoder {
  @inline(never) private func encoded(_ symbol: Int, _ model: AdaptiveSymbols) -> ArithmeticCoder {
    let step = length >> AdaptiveSymbols.lengthShift
    let top = symbol == model.last ? length : model.cumulative(symbol &+ 1) &* step
    let next = narrowed(from: model.cumulative(symbol) &* step, to: top)
    model.count(symbol)
    return next
  }

  /// The coder with a part of its interval. The bytes that are thereby certain, but for a carry, are written.
  @inline(never) private func narrowed(from low: UInt32, to high: UInt32) -> ArithmeticCoder {
    var coder = self
    let (sum, carries) = value.addingReportingOverflow(low)
    coder.value = sum
    coder.length = high &- low
    if carries || coder.length < Self.lengthMin { coder.shift(carries) }
    return coder
  }

  /// Writes what is certain. Only here is the output touched, and without counting references to it.
  @inline(__always) private mutating func shift(_ carries: Bool) {
    let output = unsafe Unmanaged<CodeBytes>.fromOpaque(next)
    (value, length) = unsafe output._withUnsafeGuaranteedRef { output in
      var (value, length) = (value, length)
      if carries { output.carry() }
      while length < Self.lengthMin {
        output.bytes.append(UInt8(truncatingIfNeeded: value >> 24))
        value <<= 8
        length <<= 8
      }
      return (value, length)
    }
  }

  /// Ends an encoder's code. The decoder reads four bytes ahead, so as many follow the last that it needs.
  func finish() {
    let isLong = length > 2 * Self.lengthMin
    let end = isLong ? Self.lengthMin : Self.lengthMin >> 1
    _ = narrowed(from: end, to: end &+ (isLong ? end >> 1 : end >> 8))
    output.bytes += [UInt8](repeating: 0, count: isLong ? 3 : 2)
  }
}

/// What an encoder has written, complete once it has finished.
final class CodeBytes {
  fileprivate(set) var bytes: [UInt8] = []

  /// The whole code stays below 1, so a carry always ends before the first byte.
  fileprivate func carry() {
    var place = bytes.count - 1
    while bytes[place] == 0xFF {
      bytes[place] = 0
      place -= 1
    }
    bytes[place] += 1
  }
}
