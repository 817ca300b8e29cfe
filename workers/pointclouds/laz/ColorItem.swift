/// The colour item of LASzip 2: each byte by its neighbour channels' change.
struct ColorItemV2: ItemDecoder {
  static let size = 6
  private let used: AdaptiveSymbols
  private let differences: ModelFamily
  private var last = SIMD3<UInt16>()

  init(_ arena: ModelArena) {
    used = arena.symbolModel(128)
    differences = arena.family(6, of: 256)
  }

  mutating func begin(_ first: UnsafeRawPointer) { last = unsafe loadColor(first) }

  @inline(__always) mutating func decode(into bytes: UnsafeMutableRawPointer, from decoder: inout ArithmeticDecoder) {
    let flags = decoder.symbol(used)
    var color = last
    color.x = decodeByte(flags, 0, Int(last.x & 0xFF), &decoder) | decodeByte(flags, 1, Int(last.x >> 8), &decoder) << 8
    if flags & 64 != 0 {
      let low = decodeOthers(flags, 0, color.x & 0xFF, last & 0xFF, &decoder)
      let high = decodeOthers(flags, 1, color.x >> 8, last &>> 8, &decoder)
      (color.y, color.z) = (low.green | high.green << 8, low.blue | high.blue << 8)
    } else {
      (color.y, color.z) = (color.x, color.x)
    }
    last = color
    unsafe storeColor(color, bytes)
  }

  /// Green and blue, in the low bytes (`place` 0) or the high ones (1), given how red changed.
  @inline(__always) private func decodeOthers(
    _ flags: Int, _ place: Int, _ red: UInt16, _ last: SIMD3<UInt16>, _ decoder: inout ArithmeticDecoder
  ) -> (green: UInt16, blue: UInt16) {
    let redChange = Int(red) &- Int(last.x)
    let green = decodeByte(flags, 2 + place, Int(last.y), change: redChange, &decoder)
    let change = (redChange &+ Int(green) &- Int(last.y)) / 2
    return (green, decodeByte(flags, 4 + place, Int(last.z), change: change, &decoder))
  }

  @inline(__always) private func decodeByte(
    _ flags: Int, _ index: Int, _ last: Int, change: Int = 0, _ decoder: inout ArithmeticDecoder
  ) -> UInt16 {
    guard flags >> index & 1 != 0 else { return UInt16(truncatingIfNeeded: last) }
    let prediction = min(255, max(0, last &+ change))
    return UInt16(truncatingIfNeeded: (prediction &+ decoder.symbol(differences[index])) & 0xFF)
  }
}

/// The colour item of LASzip 1: each byte by what preceded it.
struct ColorItemV1: ItemDecoder {
  static let size = 6
  private let used: AdaptiveSymbols
  private var values: IntegerDecoder
  private var last = SIMD3<UInt16>()

  init(_ arena: ModelArena) {
    used = arena.symbolModel(64)
    values = IntegerDecoder(arena, bits: 8, contexts: 6)
  }

  mutating func begin(_ first: UnsafeRawPointer) { last = unsafe loadColor(first) }

  mutating func decode(into bytes: UnsafeMutableRawPointer, from decoder: inout ArithmeticDecoder) {
    let flags = decoder.symbol(used)
    for index in 0..<6 where flags >> index & 1 != 0 {
      let (channel, shift) = (index / 2, UInt16(index % 2 * 8))
      let previous = Int32(last[channel] >> shift & 0xFF)
      let value = UInt16(truncatingIfNeeded: values.decode(previous, context: index, from: &decoder))
      last[channel] = last[channel] & ~(0xFF << shift) | value << shift
    }
    unsafe storeColor(last, bytes)
  }
}

@inline(__always) private func loadColor(_ bytes: UnsafeRawPointer) -> SIMD3<UInt16> {
  unsafe SIMD3(
    bytes.loadUnaligned(as: UInt16.self), bytes.loadUnaligned(fromByteOffset: 2, as: UInt16.self),
    bytes.loadUnaligned(fromByteOffset: 4, as: UInt16.self))
}

@inline(__always) private func storeColor(_ color: SIMD3<UInt16>, _ bytes: UnsafeMutableRawPointer) {
  unsafe bytes.storeBytes(of: color.x, as: UInt16.self)
  unsafe bytes.storeBytes(of: color.y, toByteOffset: 2, as: UInt16.self)
  unsafe bytes.storeBytes(of: color.z, toByteOffset: 4, as: UInt16.self)
}
