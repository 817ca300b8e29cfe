/// The point item of LASzip 1: coordinates by the median of the last three steps.
@safe struct PointItemV1: ItemDecoder {
  static let size = 20
  private let changed: AdaptiveSymbols
  private let returns, classification, userData: ModelFamily
  private var intensity, scanAngle, source, dx, dy, z: IntegerDecoder
  private var xSteps = Steps()
  private var ySteps = Steps()
  private var last = BasicPoint()

  init(_ arena: ModelArena) {
    changed = arena.symbolModel(64)
    returns = arena.family(256, of: 256)
    classification = arena.family(256, of: 256)
    userData = arena.family(256, of: 256)
    intensity = IntegerDecoder(arena, bits: 16)
    scanAngle = IntegerDecoder(arena, bits: 8, contexts: 2)
    source = IntegerDecoder(arena, bits: 16)
    dx = IntegerDecoder(arena, bits: 32)
    dy = IntegerDecoder(arena, bits: 32, contexts: 20)
    z = IntegerDecoder(arena, bits: 32, contexts: 20)
  }

  mutating func begin(_ first: UnsafeRawPointer) {
    last = unsafe BasicPoint(first)
    (xSteps, ySteps) = (Steps(), Steps())
  }

  mutating func decode(into bytes: UnsafeMutableRawPointer, from decoder: inout ArithmeticDecoder) {
    let xStep = dx.decode(xSteps.median, from: &decoder)
    let yStep = dy.decode(ySteps.median, context: min(dx.bitCount, 19), from: &decoder)
    last.x &+= xStep
    last.y &+= yStep
    let bits = (dx.bitCount + dy.bitCount) >> 1
    last.z = z.decode(last.z, context: min(bits, 19), from: &decoder)
    let changes = decoder.symbol(changed)
    if changes != 0 { decodeFields(changes, isStill: bits < 3, &decoder) }
    xSteps.add(xStep)
    ySteps.add(yStep)
    unsafe last.store(bytes)
  }

  private mutating func decodeFields(_ changes: Int, isStill: Bool, _ decoder: inout ArithmeticDecoder) {
    if changes & 32 != 0 {
      last.intensity = UInt16(truncatingIfNeeded: intensity.decode(Int32(last.intensity), from: &decoder))
    }
    if changes & 16 != 0 { last.returns = UInt8(truncatingIfNeeded: decoder.symbol(returns[Int(last.returns)])) }
    if changes & 8 != 0 {
      last.classification = UInt8(truncatingIfNeeded: decoder.symbol(classification[Int(last.classification)]))
    }
    if changes & 4 != 0 {
      let angle = scanAngle.decode(Int32(last.scanAngle), context: isStill ? 1 : 0, from: &decoder)
      last.scanAngle = UInt8(truncatingIfNeeded: angle)
    }
    if changes & 2 != 0 { last.userData = UInt8(truncatingIfNeeded: decoder.symbol(userData[Int(last.userData)])) }
    if changes & 1 != 0 {
      last.source = UInt16(truncatingIfNeeded: source.decode(Int32(last.source), from: &decoder))
    }
  }

  /// The last three steps along an axis.
  private struct Steps {
    private var a: Int32 = 0
    private var b: Int32 = 0
    private var c: Int32 = 0

    var median: Int32 { max(min(a, b), min(max(a, b), c)) }

    mutating func add(_ step: Int32) { (a, b, c) = (b, c, step) }
  }
}
