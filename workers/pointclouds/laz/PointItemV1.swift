/// The point item of LASzip 1: coordinates by the median of the last three steps.
@safe struct PointItemV1: RecordItem {
  static let size = 20
  private let changed: AdaptiveSymbols
  private let returns, classification, userData: ModelFamily
  private var intensity, scanAngle, source, dx, dy, z: IntegerCoder
  private var xSteps = Steps()
  private var ySteps = Steps()
  private var last = BasicPoint()

  init(_ arena: ModelArena) {
    changed = arena.symbolModel(64)
    returns = arena.family(256, of: 256)
    classification = arena.family(256, of: 256)
    userData = arena.family(256, of: 256)
    intensity = IntegerCoder(arena, bits: 16)
    scanAngle = IntegerCoder(arena, bits: 8, contexts: 2)
    source = IntegerCoder(arena, bits: 16)
    dx = IntegerCoder(arena, bits: 32)
    dy = IntegerCoder(arena, bits: 32, contexts: 20)
    z = IntegerCoder(arena, bits: 32, contexts: 20)
  }

  mutating func begin(_ first: UnsafeRawPointer) {
    last = unsafe BasicPoint(first)
    (xSteps, ySteps) = (Steps(), Steps())
  }

  mutating func code(_ bytes: UnsafeMutableRawPointer, with coder: inout some ArithmeticCoder) {
    let given = unsafe GivenPoint(bytes)
    let xStep = dx.code(given.x &- last.x, near: xSteps.median, with: &coder)
    let yStep = dy.code(given.y &- last.y, near: ySteps.median, context: min(dx.bitCount, 19), with: &coder)
    last.x &+= xStep
    last.y &+= yStep
    let bits = (dx.bitCount + dy.bitCount) >> 1
    last.z = z.code(given.z, near: last.z, context: min(bits, 19), with: &coder)
    let changes = coder.symbol(coder.isEncoder ? changes(to: given) : 0, changed)
    if changes != 0 { codeFields(changes, given, isStill: bits < 3, &coder) }
    xSteps.add(xStep)
    ySteps.add(yStep)
    unsafe last.store(bytes)
  }

  @inline(__always) private func changes(to given: GivenPoint) -> Int {
    (given.intensity != last.intensity ? 32 : 0) | (given.returns != last.returns ? 16 : 0)
      | (given.classification != last.classification ? 8 : 0) | (given.scanAngle != last.scanAngle ? 4 : 0)
      | (given.userData != last.userData ? 2 : 0) | (given.source != last.source ? 1 : 0)
  }

  private mutating func codeFields(
    _ changes: Int, _ given: GivenPoint, isStill: Bool, _ coder: inout some ArithmeticCoder
  ) {
    if changes & 32 != 0 {
      let value = intensity.code(Int32(given.intensity), near: Int32(last.intensity), with: &coder)
      last.intensity = UInt16(truncatingIfNeeded: value)
    }
    if changes & 16 != 0 { last.returns = coder.byte(given.returns, returns[Int(last.returns)]) }
    if changes & 8 != 0 {
      last.classification = coder.byte(given.classification, classification[Int(last.classification)])
    }
    if changes & 4 != 0 {
      let angle = scanAngle.code(
        Int32(given.scanAngle), near: Int32(last.scanAngle), context: isStill ? 1 : 0, with: &coder)
      last.scanAngle = UInt8(truncatingIfNeeded: angle)
    }
    if changes & 2 != 0 { last.userData = coder.byte(given.userData, userData[Int(last.userData)]) }
    if changes & 1 != 0 {
      last.source = UInt16(truncatingIfNeeded: source.code(Int32(given.source), near: Int32(last.source), with: &coder))
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
