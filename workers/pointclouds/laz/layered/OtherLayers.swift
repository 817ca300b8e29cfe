// The layers of items RGB14, RGBNIR14, WAVEPACKET14 and BYTE14: LAZ Specification 1.4 R1.

struct ColorLayer: FieldLayer {
  private let models: ColorModels

  init(_ arena: ModelArena) { models = ColorModels(arena) }

  @inline(__always) func code(
    _ given: SIMD3<UInt16>, after last: SIMD3<UInt16>, _ note: PointNote, with coder: inout some ArithmeticCoder
  ) -> SIMD3<UInt16> {
    models.code(given, after: last, with: &coder)
  }

  @inline(__always) static func load(_ field: UnsafeRawPointer) -> SIMD3<UInt16> { unsafe loadColor(field) }

  @inline(__always) static func store(_ value: SIMD3<UInt16>, _ field: UnsafeMutableRawPointer) {
    unsafe storeColor(value, field)
  }
}

struct InfraredLayer: FieldLayer {
  private let used: AdaptiveSymbols
  private let differences: ModelFamily

  init(_ arena: ModelArena) {
    used = arena.symbolModel(4)
    differences = arena.family(2, of: 256)
  }

  @inline(__always) func code(
    _ given: UInt16, after last: UInt16, _ note: PointNote, with coder: inout some ArithmeticCoder
  ) -> UInt16 {
    let change = given ^ last
    let flags = coder.symbol((change & 0xFF == 0 ? 0 : 1) | (change >> 8 == 0 ? 0 : 2), used)
    var (low, high) = (UInt8(truncatingIfNeeded: last), UInt8(truncatingIfNeeded: last >> 8))
    if flags & 1 != 0 { low &+= coder.byte(UInt8(truncatingIfNeeded: given) &- low, differences[0]) }
    if flags & 2 != 0 { high &+= coder.byte(UInt8(truncatingIfNeeded: given >> 8) &- high, differences[1]) }
    return UInt16(high) << 8 | UInt16(low)
  }
}

struct WavePacketLayer: FieldLayer {
  private var models: WavePacketModels

  init(_ arena: ModelArena) { models = WavePacketModels(arena) }

  mutating func begin(_ last: WavePacket) { models.begin() }

  mutating func code(
    _ given: WavePacket, after last: WavePacket, _ note: PointNote, with coder: inout some ArithmeticCoder
  ) -> WavePacket {
    models.code(given, after: last, with: &coder)
  }

  static func load(_ field: UnsafeRawPointer) -> WavePacket { unsafe WavePacket(field) }
  static func store(_ value: WavePacket, _ field: UnsafeMutableRawPointer) { unsafe value.store(field) }
}

/// One extra byte of every record.
struct ByteLayer: FieldLayer {
  private let differences: AdaptiveSymbols

  init(_ arena: ModelArena) { differences = arena.symbolModel(256) }

  @inline(__always) func code(
    _ given: UInt8, after last: UInt8, _ note: PointNote, with coder: inout some ArithmeticCoder
  ) -> UInt8 {
    last &+ coder.byte(given &- last, differences)
  }
}
