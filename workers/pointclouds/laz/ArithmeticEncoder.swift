import Glibc

/// Writes symbols and bits, as bytes that an `ArithmeticDecoder` reads.
@safe struct ArithmeticEncoder: ArithmeticCoder {
  /// Where the next byte goes.
  private var next: UnsafeMutableRawPointer
  /// Where `next` must not be when bytes are written.
  private var limit: UnsafeMutableRawPointer
  private let output: Unmanaged<CodeBytes>
  /// Where the interval begins, within what is not written yet.
  private var start: UInt32 = 0
  private var length: UInt32 = .max

  var isEncoder: Bool { @inline(__always) get { true } }
  var isExhausted: Bool { @inline(__always) get { false } }

  /// - Parameter output: what the code is appended to when it is finished. It must outlive the encoder, and no other may
  ///   write to it meanwhile.
  init(appendingTo output: CodeBytes) {
    unsafe next = output.end
    unsafe limit = output.limit
    unsafe self.output = Unmanaged.passUnretained(output)
  }

  @inline(__always) mutating func bit(_ bit: Bool, _ model: AdaptiveBit) -> Bool {
    let split = model.zeroProbability &* (length >> AdaptiveBit.lengthShift)
    narrow(from: bit ? split : 0, to: bit ? length : split)
    model.count(bit)
    return bit
  }

  @inline(__always) mutating func symbol(_ symbol: Int, _ model: AdaptiveSymbols) -> Int {
    let step = length >> AdaptiveSymbols.lengthShift
    let top = model.cumulative(symbol &+ 1) &* step
    narrow(from: model.cumulative(symbol) &* step, to: symbol == model.last ? length : top)
    model.count(symbol, isSearched: false)
    return symbol
  }

  @inline(__always) mutating func fewBits(_ bits: UInt32, _ count: Int) -> UInt32 {
    let step = length >> UInt32(truncatingIfNeeded: count)
    narrow(from: bits &* step, to: (bits &+ 1) &* step)
    return bits
  }

  /// Goes on with a part of the interval. The bytes that are thereby certain, but for a carry, are written.
  @inline(__always) private mutating func narrow(from low: UInt32, to high: UInt32) {
    let (sum, carries) = start.addingReportingOverflow(low)
    start = sum
    length = high &- low
    if carries { unsafe Self.carry(before: next) }
    // As many bytes as the length has leading zeros, three at most. Always done, as a branch could not be foreseen.
    if unsafe next > limit { makeRoom() }
    let count = length.leadingZeroBitCount >> 3
    unsafe next.storeBytes(of: start.bigEndian, as: UInt32.self)
    unsafe next += count
    let bits = UInt32(truncatingIfNeeded: count &<< 3)
    start = start &<< bits
    length = length &<< bits
  }

  /// The whole code stays below 1, so a carry always ends before the first byte.
  @inline(never) private static func carry(before end: UnsafeMutableRawPointer) {
    var place = unsafe end - 1
    while unsafe place.load(as: UInt8.self) == 0xFF {
      unsafe place.storeBytes(of: 0, as: UInt8.self)
      unsafe place -= 1
    }
    unsafe place.storeBytes(of: place.load(as: UInt8.self) + 1, as: UInt8.self)
  }

  private mutating func makeRoom() { unsafe (next, limit) = unsafe Self.room(output, next) }

  /// Apart, and given values, so that an encoder can stay in registers.
  @inline(never) private static func room(
    _ output: Unmanaged<CodeBytes>, _ next: UnsafeMutableRawPointer
  ) -> (next: UnsafeMutableRawPointer, limit: UnsafeMutableRawPointer) {
    unsafe output._withUnsafeGuaranteedRef { unsafe $0.grow(keepingTo: next) }
  }

  /// Ends the code. The decoder reads four bytes ahead, so as many follow the last that it needs.
  consuming func finish() {
    let isLong = length > 2 * CodeInterval.lengthMin
    let end = isLong ? CodeInterval.lengthMin : CodeInterval.lengthMin >> 1
    narrow(from: end, to: end &+ (isLong ? end >> 1 : end >> 8))
    if unsafe next > limit { makeRoom() }
    unsafe next.storeBytes(of: 0, as: UInt32.self)
    unsafe output._withUnsafeGuaranteedRef { unsafe $0.end = next + (isLong ? 3 : 2) }
  }
}

/// Room for codes, one after another, that is used again and again.
@safe final class CodeBytes {
  private var base: UnsafeMutableRawPointer
  private var capacity = 1 << 16
  /// Where the last finished code ends.
  fileprivate(set) var end: UnsafeMutableRawPointer

  init() {
    unsafe base = Self.room(nil, capacity)
    unsafe end = base
  }

  deinit { unsafe free(base) }

  /// What has been finished since the last `removeAll`.
  var bytes: UnsafeRawBufferPointer { unsafe UnsafeRawBufferPointer(start: base, count: end - base) }

  func removeAll() { unsafe end = base }

  /// An encoder writes four bytes at once, or the last few.
  fileprivate var limit: UnsafeMutableRawPointer { unsafe base + capacity - 8 }

  /// Doubles the room. The bytes before `end` stay.
  fileprivate func grow(keepingTo next: UnsafeMutableRawPointer) -> (
    next: UnsafeMutableRawPointer, limit: UnsafeMutableRawPointer
  ) {
    let (written, finished) = unsafe (next - base, end - base)
    capacity *= 2
    unsafe base = Self.room(base, capacity)
    unsafe end = base + finished
    return unsafe (base + written, limit)
  }

  /// Exhausted memory stops the process here: a chunk's code is no longer than its records, or hardly.
  private static func room(_ old: UnsafeMutableRawPointer?, _ count: Int) -> UnsafeMutableRawPointer {
    guard let room = unsafe realloc(old, count) else { fatalError("no memory for \(count) bytes of code") }
    return unsafe room
  }
}
