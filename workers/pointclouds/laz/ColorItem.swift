/// The models of a colour, each byte of which is predicted from its neighbour channels' change.
struct ColorModels {
  private let used: AdaptiveSymbols
  private let differences: ModelFamily
  /// The bit of `used` that says that the colour is no grey.
  private static let isColored = 64

  init(_ arena: ModelArena) {
    used = arena.symbolModel(128)
    differences = arena.family(6, of: 256)
  }

  @inline(__always) func code(
    _ given: SIMD3<UInt16>, after last: SIMD3<UInt16>, with coder: inout some ArithmeticCoder
  ) -> SIMD3<UInt16> {
    let flags = coder.symbol(coder.isEncoder ? Self.flags(given, last) : 0, used)
    var color = last
    color.x = codeByte(flags, 0, given.x & 0xFF, last.x & 0xFF, &coder)
    color.x |= codeByte(flags, 1, given.x >> 8, last.x >> 8, &coder) << 8
    guard flags & Self.isColored != 0 else { return SIMD3(repeating: color.x) }
    let low = codeOthers(
      flags, 0, Int(color.x & 0xFF) &- Int(last.x & 0xFF), (given.y & 0xFF, given.z & 0xFF),
      (last.y & 0xFF, last.z & 0xFF), &coder)
    let high = codeOthers(
      flags, 1, Int(color.x >> 8) &- Int(last.x >> 8), (given.y >> 8, given.z >> 8), (last.y >> 8, last.z >> 8), &coder)
    (color.y, color.z) = (low.green | high.green << 8, low.blue | high.blue << 8)
    return color
  }

  @inline(__always) private static func flags(_ color: SIMD3<UInt16>, _ last: SIMD3<UInt16>) -> Int {
    let isGrey = color.x == color.y && color.x == color.z
    return changedBytes(color, last) | (isGrey ? 0 : isColored)
  }

  /// A bit for each byte that differs, from red's low one to blue's high one.
  @inline(__always) static func changedBytes(_ color: SIMD3<UInt16>, _ last: SIMD3<UInt16>) -> Int {
    let change = color ^ last
    let bytes = UInt64(change.x) | UInt64(change.y) << 16 | UInt64(change.z) << 32
    // The highest bit of each byte that is not 0; then the product has that of byte n at 56 + n.
    let highest = ((bytes & 0x7F7F_7F7F_7F7F) &+ 0x7F7F_7F7F_7F7F | bytes) & 0x8080_8080_8080
    return Int(truncatingIfNeeded: ((highest >> 7) &* 0x0102_0408_1020_4080) >> 56)
  }

  /// Green and blue, in the low bytes (`place` 0) or the high ones (1), given how red changed.
  @inline(__always) private func codeOthers(
    _ flags: Int, _ place: Int, _ redChange: Int, _ given: (green: UInt16, blue: UInt16),
    _ last: (green: UInt16, blue: UInt16), _ coder: inout some ArithmeticCoder
  ) -> (green: UInt16, blue: UInt16) {
    let green = codeByte(flags, 2 + place, given.green, last.green, change: redChange, &coder)
    let change = (redChange &+ Int(green) &- Int(last.green)) / 2
    return (green, codeByte(flags, 4 + place, given.blue, last.blue, change: change, &coder))
  }

  @inline(__always) private func codeByte(
    _ flags: Int, _ index: Int, _ given: UInt16, _ last: UInt16, change: Int = 0, _ coder: inout some ArithmeticCoder
  ) -> UInt16 {
    guard flags >> index & 1 != 0 else { return last }
    let prediction = min(255, max(0, Int(last) &+ change))
    let difference = coder.symbol((Int(given) &- prediction) & 0xFF, differences[index])
    return UInt16(truncatingIfNeeded: (prediction &+ difference) & 0xFF)
  }
}

/// The colour item of LASzip 2.
struct ColorItemV2: RecordItem {
  static let size = 6
  private let models: ColorModels
  private var last = SIMD3<UInt16>()

  init(_ arena: ModelArena) { models = ColorModels(arena) }

  mutating func begin(_ first: UnsafeRawPointer) { last = unsafe loadColor(first) }

  @inline(__always) mutating func code(
    _ bytes: UnsafeMutableRawPointer, with coder: inout some ArithmeticCoder
  ) {
    last = unsafe models.code(coder.isEncoder ? loadColor(bytes) : last, after: last, with: &coder)
    unsafe storeColor(last, bytes)
  }
}

/// The colour item of LASzip 1: each byte by what preceded it.
struct ColorItemV1: RecordItem {
  static let size = 6
  private let used: AdaptiveSymbols
  private var values: IntegerCoder
  private var last = SIMD3<UInt16>()

  init(_ arena: ModelArena) {
    used = arena.symbolModel(64)
    values = IntegerCoder(arena, bits: 8, contexts: 6)
  }

  mutating func begin(_ first: UnsafeRawPointer) { last = unsafe loadColor(first) }

  mutating func code(_ bytes: UnsafeMutableRawPointer, with coder: inout some ArithmeticCoder) {
    let given = unsafe coder.isEncoder ? loadColor(bytes) : last
    let flags = coder.symbol(coder.isEncoder ? ColorModels.changedBytes(given, last) : 0, used)
    for index in 0..<6 where flags >> index & 1 != 0 {
      let (channel, shift) = (index / 2, UInt16(index % 2 * 8))
      let (next, previous) = (Int32(given[channel] >> shift & 0xFF), Int32(last[channel] >> shift & 0xFF))
      let value = UInt16(truncatingIfNeeded: values.code(next, near: previous, context: index, with: &coder))
      last[channel] = last[channel] & ~(0xFF << shift) | value << shift
    }
    unsafe storeColor(last, bytes)
  }
}

@inline(__always) func loadColor(_ bytes: UnsafeRawPointer) -> SIMD3<UInt16> {
  unsafe SIMD3(
    bytes.loadUnaligned(as: UInt16.self), bytes.loadUnaligned(fromByteOffset: 2, as: UInt16.self),
    bytes.loadUnaligned(fromByteOffset: 4, as: UInt16.self))
}

@inline(__always) func storeColor(_ color: SIMD3<UInt16>, _ bytes: UnsafeMutableRawPointer) {
  unsafe bytes.storeBytes(of: color.x, as: UInt16.self)
  unsafe bytes.storeBytes(of: color.y, toByteOffset: 2, as: UInt16.self)
  unsafe bytes.storeBytes(of: color.z, toByteOffset: 4, as: UInt16.self)
}
