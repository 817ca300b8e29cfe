/// The point item of LASzip 2: coordinates by medians of recent steps among points of like return, other fields by
/// what preceded them.
@safe struct PointItemV2: RecordItem {
  static let size = 20
  private let changed: AdaptiveSymbols
  private let returns, classification, userData, scanAngle: ModelFamily
  private var intensity, source, dx, dy, z: IntegerCoder
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
    intensity = IntegerCoder(arena, bits: 16, contexts: 4)
    source = IntegerCoder(arena, bits: 16)
    dx = IntegerCoder(arena, bits: 32, contexts: 2)
    dy = IntegerCoder(arena, bits: 32, contexts: 22)
    z = IntegerCoder(arena, bits: 32, contexts: 20)
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

  @inline(__always) mutating func code(
    _ bytes: UnsafeMutableRawPointer, with coder: inout some ArithmeticCoder
  ) {
    let given = unsafe GivenPoint(bytes)
    let changes = coder.symbol(coder.isEncoder ? changes(to: given) : 0, changed)
    if changes & 32 != 0 { last.returns = coder.byte(given.returns, returns[Int(last.returns)]) }
    let kind = last.returnKind
    if changes != 0 { codeFields(changes, given, kind, &coder) }
    codeCoordinates(given, kind, &coder)
    unsafe last.store(bytes)
  }

  @inline(__always) private func changes(to given: GivenPoint) -> Int {
    let isOther = unsafe given.intensity != intensities[ReturnKind.index(given.returns)]
    return (given.returns != last.returns ? 32 : 0) | (isOther ? 16 : 0)
      | (given.classification != last.classification ? 8 : 0) | (given.scanAngle != last.scanAngle ? 4 : 0)
      | (given.userData != last.userData ? 2 : 0) | (given.source != last.source ? 1 : 0)
  }

  @inline(__always) private mutating func codeFields(
    _ changes: Int, _ given: GivenPoint, _ kind: Int, _ coder: inout some ArithmeticCoder
  ) {
    if changes & 16 != 0 {
      let value = unsafe intensity.code(
        Int32(given.intensity), near: Int32(intensities[kind]), context: min(kind, 3), with: &coder)
      unsafe intensities[kind] = UInt16(truncatingIfNeeded: value)
    }
    unsafe last.intensity = intensities[kind]
    if changes & 8 != 0 {
      last.classification = coder.byte(given.classification, classification[Int(last.classification)])
    }
    if changes & 4 != 0 {
      last.scanAngle &+= coder.byte(given.scanAngle &- last.scanAngle, scanAngle[last.scanDirection])
    }
    if changes & 2 != 0 { last.userData = coder.byte(given.userData, userData[Int(last.userData)]) }
    if changes & 1 != 0 {
      last.source = UInt16(truncatingIfNeeded: source.code(Int32(given.source), near: Int32(last.source), with: &coder))
    }
  }

  @inline(__always) private mutating func codeCoordinates(
    _ given: GivenPoint, _ kind: Int, _ coder: inout some ArithmeticCoder
  ) {
    let level = abs(last.returnCount &- last.returnNumber)
    let isSingle = last.returnCount == 1 ? 1 : 0
    let xStep = unsafe dx.code(given.x &- last.x, near: xSteps[kind].median, context: isSingle, with: &coder)
    last.x &+= xStep
    unsafe xSteps[kind].add(xStep)
    let xContext = dx.bitCount < 20 ? dx.bitCount & ~1 : 20
    let yStep = unsafe dy.code(
      given.y &- last.y, near: ySteps[kind].median, context: isSingle + xContext, with: &coder)
    last.y &+= yStep
    unsafe ySteps[kind].add(yStep)
    let bits = (dx.bitCount &+ dy.bitCount) >> 1
    let zContext = bits < 18 ? bits & ~1 : 18
    last.z = unsafe z.code(given.z, near: heights[level], context: isSingle + zContext, with: &coder)
    unsafe heights[level] = last.z
  }
}

extension BasicPoint {
  fileprivate var returnNumber: Int { @inline(__always) get { Int(returns & 7) } }
  fileprivate var returnCount: Int { @inline(__always) get { Int(returns >> 3 & 7) } }
  fileprivate var returnKind: Int { @inline(__always) get { ReturnKind.index(returns) } }
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

  @inline(__always) static func index(_ returns: UInt8) -> Int { Int(table[Int(returns & 63)]) }
}
