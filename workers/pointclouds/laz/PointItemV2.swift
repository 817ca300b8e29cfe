/// The point item of LASzip 2: coordinates by medians of recent steps among points of like return, other fields by
/// what preceded them.
@safe struct PointItemV2: ItemDecoder {
  static let size = 20
  private let changed: AdaptiveSymbols
  private let returns, classification, userData, scanAngle: ModelFamily
  private var intensity, source, dx, dy, z: IntegerDecoder
  private let intensities: UnsafeMutablePointer<UInt16>
  private let xSteps, ySteps: UnsafeMutablePointer<StreamingMedian>
  private let heights: UnsafeMutablePointer<Int32>
  private var last = BasicPoint()

  init(_ arena: ModelArena) {
    changed = arena.symbolModel(64)
    returns = arena.family(256, of: 256)
    classification = arena.family(256, of: 256)
    userData = arena.family(256, of: 256)
    scanAngle = arena.family(2, of: 256)
    intensity = IntegerDecoder(arena, bits: 16, contexts: 4)
    source = IntegerDecoder(arena, bits: 16)
    dx = IntegerDecoder(arena, bits: 32, contexts: 2)
    dy = IntegerDecoder(arena, bits: 32, contexts: 22)
    z = IntegerDecoder(arena, bits: 32, contexts: 20)
    unsafe intensities = unsafe arena.values(16, 0)
    unsafe xSteps = unsafe arena.values(16, StreamingMedian())
    unsafe ySteps = unsafe arena.values(16, StreamingMedian())
    unsafe heights = unsafe arena.values(8, 0)
  }

  mutating func begin(_ first: UnsafeRawPointer) {
    last = unsafe BasicPoint(first)
    last.intensity = 0
    unsafe intensities.update(repeating: 0, count: 16)
    unsafe xSteps.update(repeating: StreamingMedian(), count: 16)
    unsafe ySteps.update(repeating: StreamingMedian(), count: 16)
    unsafe heights.update(repeating: 0, count: 8)
  }

  @inline(__always) mutating func decode(into bytes: UnsafeMutableRawPointer, from decoder: inout ArithmeticDecoder) {
    let changes = decoder.symbol(changed)
    if changes & 32 != 0 { last.returns = UInt8(truncatingIfNeeded: decoder.symbol(returns[Int(last.returns)])) }
    let returnNumber = Int(last.returns & 7)
    let returnCount = Int(last.returns >> 3 & 7)
    let kind = ReturnKind.index(returnNumber, of: returnCount)
    if changes != 0 { decodeFields(changes, kind, &decoder) }
    decodeCoordinates(kind, level: abs(returnCount &- returnNumber), isSingle: returnCount == 1 ? 1 : 0, &decoder)
    unsafe last.store(bytes)
  }

  @inline(__always) private mutating func decodeFields(
    _ changes: Int, _ kind: Int, _ decoder: inout ArithmeticDecoder
  ) {
    if changes & 16 != 0 {
      let value = unsafe intensity.decode(Int32(intensities[kind]), context: min(kind, 3), from: &decoder)
      unsafe intensities[kind] = UInt16(truncatingIfNeeded: value)
    }
    unsafe last.intensity = intensities[kind]
    if changes & 8 != 0 {
      last.classification = UInt8(truncatingIfNeeded: decoder.symbol(classification[Int(last.classification)]))
    }
    if changes & 4 != 0 {
      last.scanAngle &+= UInt8(truncatingIfNeeded: decoder.symbol(scanAngle[last.scanDirection]))
    }
    if changes & 2 != 0 { last.userData = UInt8(truncatingIfNeeded: decoder.symbol(userData[Int(last.userData)])) }
    if changes & 1 != 0 {
      last.source = UInt16(truncatingIfNeeded: source.decode(Int32(last.source), from: &decoder))
    }
  }

  @inline(__always) private mutating func decodeCoordinates(
    _ kind: Int, level: Int, isSingle: Int, _ decoder: inout ArithmeticDecoder
  ) {
    let xStep = unsafe dx.decode(xSteps[kind].median, context: isSingle, from: &decoder)
    last.x &+= xStep
    unsafe xSteps[kind].add(xStep)
    let xContext = dx.bitCount < 20 ? dx.bitCount & ~1 : 20
    let yStep = unsafe dy.decode(ySteps[kind].median, context: isSingle + xContext, from: &decoder)
    last.y &+= yStep
    unsafe ySteps[kind].add(yStep)
    let bits = (dx.bitCount &+ dy.bitCount) >> 1
    let zContext = bits < 18 ? bits & ~1 : 18
    last.z = unsafe z.decode(heights[level], context: isSingle + zContext, from: &decoder)
    unsafe heights[level] = last.z
  }
}

/// Groups points by return number and number of returns, so that each is predicted from its like.
enum ReturnKind {
  /// Sixteen groups, by number of returns (rows) and return number (columns); the corners hold impossible pairs.
  private static let table: InlineArray<64, UInt8> = [
    15, 14, 13, 12, 11, 10, 9, 8,
    14, 0, 1, 3, 6, 10, 10, 9,
    13, 1, 2, 4, 7, 11, 11, 10,
    12, 3, 4, 5, 8, 12, 12, 11,
    11, 6, 7, 8, 9, 13, 13, 12,
    10, 10, 11, 12, 13, 14, 14, 13,
    9, 10, 11, 12, 13, 14, 15, 14,
    8, 9, 10, 11, 12, 13, 14, 15,
  ]

  @inline(__always) static func index(_ number: Int, of count: Int) -> Int { Int(table[count << 3 | number]) }
}
