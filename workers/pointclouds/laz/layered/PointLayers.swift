// The layers of item POINT14 beside the coordinates: LAZ Specification 1.4 R1.

@safe struct HeightLayer: FieldLayer {
  private var heights: IntegerCoder
  private let lasts: UnsafeMutablePointer<Int32>

  init(_ arena: ModelArena) {
    heights = IntegerCoder(arena, bits: 32, contexts: 20)
    unsafe lasts = unsafe arena.values(8, 0)
  }

  func begin(_ last: Int32) { unsafe lasts.update(repeating: last, count: 8) }

  @inline(__always) mutating func code(
    _ given: Int32, after last: Int32, _ note: PointNote, with coder: inout some ArithmeticCoder
  ) -> Int32 {
    let precision = Int(note.precision)
    let context = (note.isSingle ? 1 : 0) + (precision < 18 ? precision & ~1 : 18)
    let height = unsafe heights.code(given, near: lasts[note.level], context: context, with: &coder)
    unsafe lasts[note.level] = height
    return height
  }
}

struct ClassLayer: FieldLayer {
  private let classes: ModelFamily

  init(_ arena: ModelArena) { classes = arena.family(64, of: 256) }

  @inline(__always) func code(
    _ given: UInt8, after last: UInt8, _ note: PointNote, with coder: inout some ArithmeticCoder
  ) -> UInt8 {
    coder.byte(given, classes[Int(last & 31) << 1 | (note.position == 3 ? 1 : 0)])
  }
}

/// The flags that share their byte with the scanner channel.
struct FlagLayer: FieldLayer {
  private let flags: ModelFamily

  init(_ arena: ModelArena) { flags = arena.family(64, of: 64) }

  @inline(__always) func code(
    _ given: UInt8, after last: UInt8, _ note: PointNote, with coder: inout some ArithmeticCoder
  ) -> UInt8 {
    coder.byte(given, flags[Int(last)])
  }

  /// Flags of the class, scan direction, edge of flight line, in six bits.
  @inline(__always) static func load(_ field: UnsafeRawPointer) -> UInt8 {
    let byte = unsafe field.load(as: UInt8.self)
    return byte & 15 | byte >> 2 & 0x30
  }

  @inline(__always) static func store(_ value: UInt8, _ field: UnsafeMutableRawPointer) {
    let channel = unsafe field.load(as: UInt8.self) & ScannerChannel.mask
    unsafe field.storeBytes(of: channel | value & 15 | (value & 0x30) << 2, as: UInt8.self)
  }
}

@safe struct IntensityLayer: FieldLayer {
  private var intensities: IntegerCoder
  private let lasts: UnsafeMutablePointer<UInt16>

  init(_ arena: ModelArena) {
    intensities = IntegerCoder(arena, bits: 16, contexts: 4)
    unsafe lasts = unsafe arena.values(8, 0)
  }

  func begin(_ last: UInt16) { unsafe lasts.update(repeating: last, count: 8) }

  @inline(__always) mutating func code(
    _ given: UInt16, after last: UInt16, _ note: PointNote, with coder: inout some ArithmeticCoder
  ) -> UInt16 {
    let group = note.position << 1 | (note.hasNewTime ? 1 : 0)
    let value = unsafe intensities.code(
      Int32(given), near: Int32(lasts[group]), context: note.position, with: &coder)
    unsafe lasts[group] = UInt16(truncatingIfNeeded: value)
    return unsafe lasts[group]
  }
}

struct AngleLayer: FieldLayer {
  private var angles: IntegerCoder

  init(_ arena: ModelArena) { angles = IntegerCoder(arena, bits: 16, contexts: 2) }

  @inline(__always) mutating func code(
    _ given: Int16, after last: Int16, _ note: PointNote, with coder: inout some ArithmeticCoder
  ) -> Int16 {
    guard note.hasNewAngle else { return last }
    let angle = angles.code(Int32(given), near: Int32(last), context: note.hasNewTime ? 1 : 0, with: &coder)
    return Int16(truncatingIfNeeded: angle)
  }
}

struct UserDataLayer: FieldLayer {
  private let values: ModelFamily

  init(_ arena: ModelArena) { values = arena.family(64, of: 256) }

  @inline(__always) func code(
    _ given: UInt8, after last: UInt8, _ note: PointNote, with coder: inout some ArithmeticCoder
  ) -> UInt8 {
    coder.byte(given, values[Int(last >> 2)])
  }
}

struct SourceLayer: FieldLayer {
  private var sources: IntegerCoder

  init(_ arena: ModelArena) { sources = IntegerCoder(arena, bits: 16) }

  @inline(__always) mutating func code(
    _ given: UInt16, after last: UInt16, _ note: PointNote, with coder: inout some ArithmeticCoder
  ) -> UInt16 {
    guard note.hasNewSource else { return last }
    return UInt16(truncatingIfNeeded: sources.code(Int32(given), near: Int32(last), with: &coder))
  }
}

struct TimeLayer: FieldLayer {
  private var sequences: TimeSequences

  init(_ arena: ModelArena) { sequences = TimeSequences(arena, codesUnchanged: false) }

  mutating func begin(_ last: Int64) { sequences.begin(last) }

  @inline(__always) mutating func code(
    _ given: Int64, after last: Int64, _ note: PointNote, with coder: inout some ArithmeticCoder
  ) -> Int64 {
    note.hasNewTime ? sequences.code(given, with: &coder) : last
  }
}
